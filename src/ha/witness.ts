import { sleep } from "../base/together.ts";
import type { CommitLog } from "../store/commit_log.ts";
import { recordHolding } from "../store/record_search.ts";
import { recordAt } from "../store/records.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import { addressText, parseAddress } from "../wire/host_address.ts";
import { JsonBody } from "../wire/json_body.ts";
import { formatView } from "../wire/query.ts";
import { type ClusterInfo, parseClusterInfo } from "../wire/route.ts";
import type { Held } from "./admission.ts";

/** A slave that just started, or that is busy, takes its time; its first report can wait that long. */
const CALL_MS = 5_000;
const TRIES = 3;
const AGAIN_MS = 1_000;

/** Where requests go; `rpc/redial.ts` is one. */
export interface Calls {
  call(address: string, request: Request, timeoutMs: number): Promise<Command>;
  hangUp(address: string): void;
}

/** What asking slaves takes. */
export interface WitnessContext {
  readonly clock: Clock;
  readonly calls: Calls;
  readonly log: CommitLog;
  readonly codecs: Codecs;
  readonly brokerName: string;
  readonly namesrvAddr: readonly string[];
  /** IPs of this machine: who comes from one of them may have registered another. */
  readonly ownHosts: () => readonly string[];
}

/** A slave, as far as its connection tells. */
export interface Asked {
  readonly host: string;
  /** Its broker port, when it said so. */
  readonly listenPort: number | undefined;
  /** We sent it the log up to its report, so it is served even when nobody answers. */
  readonly wasSent?: boolean;
}

/** What a broker that may be the slave shows; `max` is where it says that its log ends. */
interface Seen {
  readonly verdict: Held | "later";
  readonly max: number | undefined;
}

/**
 * Asks a slave's own broker port whether it holds our bytes before its first report: requests 28 and 33,
 * which Java's brokers answer too. Where that port is a slave of ours says, others are looked up at the name
 * servers.
 */
export class Witness {
  readonly #context: WitnessContext;

  constructor(context: WitnessContext) {
    this.#context = context;
  }

  /**
   * Never rejects: who does not answer is "unknown". A slave that is about to start, and has not registered or
   * does not know its log yet, is asked again; ours proved themselves, they are asked once, as are those that we sent
   * the log up to there: each second here is one in which nobody confirms.
   */
  async held(slave: Asked, first: number, until?: AbortSignal): Promise<Held> {
    for (let tries = 1;; tries++) {
      const verdict = await this.#look(slave, first);
      if (verdict !== "later") return verdict;
      const enough = slave.listenPort !== undefined || slave.wasSent || tries === TRIES;
      if (enough || until?.aborted) return "unknown";
      await sleep(this.#context.clock, AGAIN_MS, until);
    }
  }

  async #look({ host, listenPort }: Asked, first: number): Promise<Held | "later"> {
    const isNamed = listenPort !== undefined;
    const addresses = isNamed
      ? [addressText({ host, port: listenPort })]
      : await this.#registered(host);
    if (addresses.length === 0) return "later";
    const asked = addresses.map((address) => this.#ask(address, first, isNamed));
    const all = (await Promise.all(asked)).filter(({ max }) => max === undefined || max >= first);
    const itself = all.filter(({ max }) => max === first); // who reports has not moved since
    const verdicts = new Set((itself.length > 0 ? itself : all).map(({ verdict }) => verdict));
    const [verdict] = verdicts; // slaves of one machine that differ: nobody knows which of them it is
    return verdicts.size === 1 ? verdict : "unknown";
  }

  async #ask(address: string, first: number, isNamed: boolean): Promise<Seen> {
    const { calls, log, codecs } = this.#context;
    try {
      const info = await calls.call(
        address,
        { code: RequestCode.GET_BROKER_RUNTIME_INFO },
        CALL_MS,
      );
      const bounds = boundsOf(info);
      const seen = (verdict: Seen["verdict"]) => ({ verdict, max: bounds?.max });
      if (isNamed && bounds && bounds.min === bounds.max) return { verdict: "ours", max: first }; // no history
      const place = recordBefore(log, codecs, first);
      if (place === undefined) return seen("unknown");
      const answer = await calls.call(address, formatView(place.at), CALL_MS);
      if (answer.code === ResponseCode.SUCCESS) {
        return seen(isSame(answer.body, recordAt(log, place.at)) ? "ours" : "other");
      }
      if (answer.code !== ResponseCode.SYSTEM_ERROR) return seen("unknown");
      if (bounds === undefined) return seen("later");
      // Where it has bytes and says that no record begins in them, they are not ours.
      return seen(bounds.min <= place.at ? "other" : "unknown");
    } catch {
      return { verdict: "later", max: undefined }; // not there, not in time, or no broker
    } finally {
      calls.hangUp(address);
    }
  }

  /**
   * Broker ports of slaves of our name on that host, as the first name server says that knows one: another
   * may be dead, or back with an empty table.
   */
  async #registered(host: string): Promise<string[]> {
    const { calls, namesrvAddr, ownHosts } = this.#context;
    const request = { code: RequestCode.GET_BROKER_CLUSTER_INFO };
    const own = ownHosts();
    const isHere = own.includes(host) || host.startsWith("127."); // all of 127/8 is this machine
    const hosts = isHere ? [...own, host] : [host];
    const answers = namesrvAddr.map(async (address) => {
      const { body } = await calls.call(address, request, CALL_MS);
      const found = this.#slavesOn(hosts, parseClusterInfo(body));
      if (found.length === 0) throw new Error("it knows none");
      return found;
    });
    return await Promise.any(answers).catch(() => []);
  }

  #slavesOn(hosts: readonly string[], { brokers }: ClusterInfo): string[] {
    const { brokerName } = this.#context;
    return brokers
      .filter((broker) => broker.brokerName === brokerName)
      .flatMap(({ brokerAddrs }) => [...brokerAddrs])
      .filter(([id, address]) => id !== 0 && hosts.includes(parseAddress(address)?.host ?? ""))
      .map(([, address]) => address);
  }
}

/** Our last message record that ends at or before a report. */
function recordBefore(
  log: CommitLog,
  codecs: Codecs,
  first: number,
): { readonly at: number } | undefined {
  const last = recordHolding(log, codecs, first - 1);
  if (last === undefined || last.at + last.size <= first) return last;
  return recordHolding(log, codecs, last.at - 1);
}

function boundsOf({ code, body }: Command): { min: number; max: number } | undefined {
  if (code !== ResponseCode.SUCCESS || body.length === 0) return undefined; // Java's says so while it starts
  const table = JsonBody.parse(body).object("table");
  const min = table.long("commitLogMinOffset", -1);
  const max = table.long("commitLogMaxOffset", -1);
  return min < 0 || max < 0 ? undefined : { min, max };
}

function isSame(theirs: Uint8Array, ours: Uint8Array | undefined): boolean {
  return ours !== undefined && theirs.length === ours.length &&
    theirs.every((byte, i) => byte === ours[i]);
}
