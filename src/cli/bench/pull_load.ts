import { askNode, type Lines } from "../../admin/lines.ts";
import { sleep, together } from "../../base/together.ts";
import type { Clock, Runtime } from "../../ports/host.ts";
import type { Connection, Net } from "../../ports/net.ts";
import { CallError } from "../../rpc/peer.ts";
import { addressText, parseAddress } from "../../wire/host_address.ts";
import { formatBoundQuery, formatOffsetSearch, parseOffsetAnswer } from "../../wire/offset.ts";
import type { BenchBroker } from "./bench_topic.ts";
import type { ConsumePlan } from "./consume_plan.ts";
import type { Course } from "./course.ts";
import { PullLine, type PullQueue } from "./pull_line.ts";
import type { PullTally } from "./pull_tally.ts";

const DIAL_MS = 3_000;
const WATCH_MS = 20;
/** Longer than a broker keeps a pull that finds nothing. */
const ANSWER_MS = 25_000;

/** A broker with the queues that are read there. */
export interface PullTarget {
  readonly address: string;
  readonly queues: readonly PullQueue[];
}

/** Where each queue of the topic is read from, and to. @throws {AnswerError} {CallError} {FieldError} */
export async function pullTargets(
  lines: Lines,
  topic: string,
  brokers: readonly BenchBroker[],
  { from, live }: Pick<ConsumePlan, "from" | "live">,
): Promise<PullTarget[]> {
  return await Promise.all(brokers.map(async ({ address, queues }) => {
    const ask = async (request: ReturnType<typeof formatBoundQuery>, queueId: number) =>
      parseOffsetAnswer(await askNode(lines, address, request, `see where queue ${queueId} is`));
    const all = Array.from({ length: queues }, async (_, queueId): Promise<PullQueue> => {
      const [first, end] = await Promise.all([
        ask(formatBoundQuery("first", topic, queueId), queueId),
        ask(formatBoundQuery("next", topic, queueId), queueId),
      ]);
      const wanted = from === "first" ? first : from === "last" ? end : await ask(
        formatOffsetSearch(topic, queueId, from.time),
        queueId,
      );
      const begin = Math.min(end, Math.max(first, wanted));
      return { queueId, from: begin, end: live ? Infinity : end };
    });
    return { address, queues: (await Promise.all(all)).filter((queue) => queue.from < queue.end) };
  }));
}

/** How many connections each of the brokers gets: at least one where there is something, never more than queues. */
export function connectionsOf(targets: readonly PullTarget[], connections: number): number[] {
  const counts = targets.map(({ queues }) => Math.min(1, queues.length));
  let left = connections - counts.reduce((sum, count) => sum + count, 0);
  for (let more = true; left > 0 && more;) {
    more = false;
    for (let i = 0; i < targets.length && left > 0; i++) {
      if (counts[i] >= targets[i].queues.length) continue;
      counts[i]++;
      left--;
      more = true;
    }
  }
  return counts;
}

/** What a load of pulls is told. */
export interface PullLoad {
  readonly topic: string;
  readonly targets: readonly PullTarget[];
  readonly connections: number;
  readonly batch: number;
  readonly again: boolean;
}

/**
 * Reads until all was read or the course is over; `watch` is called fifty times a second.
 *
 * @throws {CallError} {NetError} {AnswerError} {FieldError} {WireError} when a connection fails: what was tallied
 * counts.
 */
export async function pullLoad(
  { net, clock }: Pick<Runtime, "net" | "clock">,
  load: PullLoad,
  makeCourse: () => { course: Course; tally: PullTally },
  watch: () => void,
): Promise<void> {
  const { topic, batch, again } = load;
  const dialled = await dialAll(net, load);
  const { course, tally } = makeCourse();
  const lines = dialled.map(({ conn, queues }) =>
    new PullLine({ conn, topic, queues, batch, again, course, tally, clock })
  );
  try {
    await together(new AbortController().signal, (until) => [
      Promise.all(lines.map((line) => line.run())),
      watching(lines, { course, clock, watch }, until),
    ]);
  } finally {
    for (const line of lines) line.close();
  }
}

async function dialAll(
  net: Net,
  { targets, connections }: PullLoad,
): Promise<{ conn: Connection; queues: PullQueue[] }[]> {
  const counts = connectionsOf(targets, connections);
  return await Promise.all(
    targets.flatMap(({ address, queues }, i) =>
      Array.from({ length: counts[i] }, async (_, nth) => ({
        conn: await net.dial(parseAddress(address)!, { timeoutMs: DIAL_MS }),
        queues: queues.filter((_, at) => at % counts[i] === nth),
      }))
    ),
  );
}

async function watching(
  lines: readonly PullLine[],
  { course, clock, watch }: { course: Course; clock: Clock; watch: () => void },
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    await sleep(clock, WATCH_MS, until);
    if (until.aborted) return;
    watch();
    const now = clock.monotonic();
    for (const line of lines) {
      if (course.over(now)) line.close(); // a pull may be kept for long
      else if (now - line.heardAt > ANSWER_MS) {
        const where = addressText(line.remote);
        line.fail(new CallError("timeout", `${where} answers no pull for ${ANSWER_MS / 1000} s`));
      }
    }
  }
}
