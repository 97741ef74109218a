import { sleep, together } from "../../base/together.ts";
import type { Clock, Runtime } from "../../ports/host.ts";
import type { Address } from "../../ports/net.ts";
import { CallError } from "../../rpc/peer.ts";
import { addressText } from "../../wire/host_address.ts";
import type { Course } from "./course.ts";
import { SendLine } from "./send_line.ts";
import { type MessageShape, SendTemplate } from "./send_template.ts";
import type { Tally } from "./tally.ts";

const DIAL_MS = 3_000;
/** A timer ticks no faster. */
const SCHEDULE_TICK_MS = 1;
/** Who begins a send so late is behind its schedule. */
const LATE_MS = 50;
const WATCH_MS = 20;
/** Longer than any broker waits for a slave or a disk by itself. */
const ANSWER_MS = 10_000;
/** So many refusals and nothing stored: it will not get better. */
const REFUSED_MAX = 1_000;

/** A broker that is sent to. */
export interface SendTarget {
  readonly address: Address;
  readonly queues: number;
}

/** How a load is sent. */
export interface SendLoad {
  /** Connections go to them in turn. */
  readonly targets: readonly SendTarget[];
  readonly shape: Omit<MessageShape, "queues">;
  readonly connections: number;
  /** Requests under way on each connection, at most. */
  readonly inFlight: number;
  /** Requests a second that are begun by a schedule, all connections together. */
  readonly rate?: number;
}

/** How a load ended, beside what was tallied. */
export interface SendEnd {
  /** Requests that the schedule wanted and nobody sent. */
  readonly overdue: number;
}

/**
 * Sends until the course is over and all is answered; `watch` is called fifty times a second.
 *
 * @throws {CallError} {NetError} {WireError} when a connection fails: the course is stopped then, what was tallied
 * counts.
 */
export async function sendLoad(
  { net, clock, random }: Pick<Runtime, "net" | "clock" | "random">,
  load: SendLoad,
  makeCourse: () => { course: Course; tally: Tally },
  watch: () => void = () => {},
): Promise<SendEnd> {
  const { targets, connections, inFlight, rate } = load;
  const conns = await Promise.all(
    Array.from(
      { length: connections },
      (_, i) => net.dial(targets[i % targets.length].address, { timeoutMs: DIAL_MS }),
    ),
  );
  const { course, tally } = makeCourse(); // dialling is no part of what is measured
  const lines = conns.map((conn, i) => {
    const id = new Uint8Array(10);
    random(id);
    const shape = { ...load.shape, queues: targets[i % targets.length].queues };
    const everyMs = rate === undefined ? 0 : connections * 1000 / rate;
    const schedule = rate === undefined
      ? undefined
      : { firstAt: course.began + i * everyMs / connections, everyMs };
    const template = new SendTemplate(shape, id);
    return new SendLine({ conn, template, inFlight, course, tally, clock, schedule });
  });
  const done = new AbortController();
  try {
    await together(done.signal, (until) => [
      Promise.all(lines.map((line) => line.run())),
      watching(lines, { course, tally, clock, watch }, until),
      ...rate === undefined ? [] : [ticking(lines, clock, until)],
    ]);
  } finally {
    course.stop(clock.monotonic());
    for (const conn of conns) conn.close();
  }
  const due = course.until - LATE_MS;
  return { overdue: lines.reduce((sum, line) => sum + line.overdue(due), 0) };
}

async function watching(
  lines: readonly SendLine[],
  { course, tally, clock, watch }: {
    course: Course;
    tally: Tally;
    clock: Clock;
    watch: () => void;
  },
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    await sleep(clock, WATCH_MS, until);
    if (until.aborted) return;
    watch();
    const now = clock.monotonic();
    if (tally.storedInAll === 0 && tally.refusedInAll >= REFUSED_MAX) course.stop(now);
    for (const line of lines) {
      if (line.underWay > 0 && now - line.heardAt > ANSWER_MS) line.fail(silent(line));
      line.pump(now);
    }
  }
}

function silent({ underWay, remote }: SendLine): CallError {
  const waited = `no answer to ${underWay} sends for ${ANSWER_MS / 1000} s`;
  return new CallError("timeout", `${addressText(remote)} gives ${waited}`);
}

/** Begins what is due. Several sends that are due in one tick leave together. */
async function ticking(
  lines: readonly SendLine[],
  clock: Clock,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    await sleep(clock, SCHEDULE_TICK_MS, until);
    const now = clock.monotonic();
    for (const line of lines) line.pump(now);
  }
}
