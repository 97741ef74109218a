import { brokerRuntime } from "../../admin/brokers.ts";
import type { ClusterBroker } from "../../admin/cluster.ts";
import { type BrokerState, brokerState } from "../../admin/ha.ts";
import { topicTable } from "../../admin/topic_tables.ts";
import { sleep } from "../../base/together.ts";
import { AnswerError } from "../../client/errors.ts";
import { type Asking, hostIn, ifTold, portAt, portIn, silenceOf } from "./asking.ts";
import type { BrokerFacts } from "./facts.ts";

/** A slave of Java's that copies has moved after as long. */
const LATER_MS = 1_000;

/** Which broker is looked at. */
export interface Wanted {
  readonly address: string;
  readonly registered?: ClusterBroker;
  readonly at: readonly string[];
  /** Others share its name: where its log ends is asked twice. */
  readonly isPaired: boolean;
}

/** What one broker says; never fails. */
export async function lookAtBroker(
  asking: Asking,
  { address, registered, at, isPaired }: Wanted,
  { topic, hosts }: { topic: string | undefined; hosts: readonly string[] },
): Promise<BrokerFacts> {
  const { clock } = asking;
  const startedAt = clock.monotonic();
  const base = { address, registered, at };
  try {
    const state = await brokerState(asking.calls, address);
    const tookMs = clock.monotonic() - startedAt;
    const skewMs = skewOf(state, clock.now() - tookMs / 2);
    if (state.settings.size === 0 && state.runtime.size === 0) {
      return { ...base, tookMs, isOther: true };
    }
    const [more, ports, laterMaxOffset] = await Promise.all([
      topic === undefined ? undefined : ifTold(topicTable(asking, address)),
      portsOf(asking, address, state),
      isPaired && state.ha.status === undefined ? later(asking, address) : undefined,
    ]);
    return {
      ...base,
      tookMs,
      state,
      skewMs,
      ...ports,
      laterMaxOffset,
      topic: more?.topics.get(topic!),
    };
  } catch (error) {
    if (error instanceof AnswerError) {
      return { ...base, tookMs: clock.monotonic() - startedAt, refusal: refusalIn(error) };
    }
    const silence = silenceOf(error);
    const foundAt = silence.kind === "mute" || registered === undefined
      ? undefined
      : await elsewhere(asking, registered, hosts);
    return { ...base, tookMs: clock.monotonic() - startedAt, silence, foundAt };
  }
}

/** Java names the class of what went wrong and the line it went wrong in. */
function refusalIn({ code, message }: AnswerError): string {
  const why = /Exception: ([^,)]*)/.exec(message)?.[1];
  return `code ${code}${why === undefined ? "" : `, ${why}`}`;
}

async function portsOf(
  asking: Asking,
  address: string,
  { settings, ha }: BrokerState,
): Promise<Pick<BrokerFacts, "fastPort" | "haPort">> {
  const host = hostIn(address);
  const haPort = Number(settings.get("haListenPort")) || portIn(address) + 1;
  const haHost = settings.get("brokerIP2") || host;
  const [fast, own] = await Promise.all([
    portAt(asking, `${host}:${portIn(address) - 2}`),
    ha.id === 0 ? portAt(asking, `${haHost}:${haPort}`) : undefined,
  ]);
  return { fastPort: fast, haPort: own };
}

/** The same broker at the same port of a host that is known to be reached. */
async function elsewhere(
  asking: Asking,
  { name, id, address }: ClusterBroker,
  hosts: readonly string[],
): Promise<string | undefined> {
  const others = [...new Set(hosts)].filter((host) => host !== hostIn(address));
  const found = await Promise.all(others.map(async (host) => {
    const there = `${host}:${portIn(address)}`;
    const state = await ifTold(brokerState(asking.calls, there));
    return state?.ha.name === name && state.ha.id === id ? there : undefined;
  }));
  return found.find((there) => there !== undefined);
}

async function later(asking: Asking, address: string): Promise<number | undefined> {
  await sleep(asking.clock, LATER_MS);
  const runtime = await ifTold(brokerRuntime(asking, address));
  const end = Number(runtime?.get("commitLogMaxOffset"));
  return Number.isSafeInteger(end) ? end : undefined;
}

/** Its clock minus ours, to a second or so: it says when it started and how long that is ago. */
export function skewOf({ runtime }: Pick<BrokerState, "runtime">, now: number): number | undefined {
  const started = Number(runtime.get("bootTimestamp"));
  const up = /\[ (\d+) days, (\d+) hours, (\d+) minutes, (\d+) seconds \]/.exec(
    runtime.get("runtime") ?? "",
  );
  if (!(started > 0) || up === null) return undefined;
  const [days, hours, minutes, seconds] = up.slice(1).map(Number);
  const upMs = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return Math.round(started + upMs - now);
}
