import { readInt64, viewOf } from "../../base/bytes.ts";
import { WireError } from "../../base/errors.ts";
import type { Clock } from "../../ports/host.ts";
import { RECORD_BYTES_MIN, storeTimestampAt, SYS_FLAG_AT } from "../../wire/record_layout.ts";
import type { Course } from "./course.ts";
import type { Latencies, LatencySummary } from "./latencies.ts";

/** What is counted: messages, the bytes of their records, and the pulls that brought them. */
export interface PullCounts {
  readonly messages: number;
  readonly bytes: number;
  readonly pulls: number;
}

/** What one second brought. */
export interface PullSecond extends PullCounts {
  readonly latency: LatencySummary;
  readonly endToEnd: LatencySummary | undefined;
}

/** What pulls brought in the time that counts. */
export class PullTally {
  readonly #course: Course;
  readonly #clock: Pick<Clock, "now">;
  readonly #latencies: Latencies;
  readonly #endToEnd: Latencies | undefined;
  readonly #most: number;
  #messages = 0;
  #bytes = 0;
  #pulls = 0;
  #lastAt = 0;
  #before: PullCounts = { messages: 0, bytes: 0, pulls: 0 };

  /** With `endToEnd` it looks when each message was stored; after `most` messages it stops the course. */
  constructor(
    course: Course,
    { clock, latencies, endToEnd, most }: {
      clock: Pick<Clock, "now">;
      latencies: Latencies;
      endToEnd: Latencies | undefined;
      most: number;
    },
  ) {
    this.#course = course;
    this.#clock = clock;
    this.#latencies = latencies;
    this.#endToEnd = endToEnd;
    this.#most = most;
  }

  /** The records of one pull, asked for and arrived at these times. @throws {WireError} when they are none. */
  pulled(records: Uint8Array, asked: number, now: number): void {
    if (!this.#course.counts(now)) return;
    const arrived = this.#endToEnd === undefined ? 0 : this.#clock.now();
    const view = viewOf(records);
    for (let at = 0; at < records.length;) {
      const left = records.length - at;
      const size = left < RECORD_BYTES_MIN ? 0 : view.getInt32(at);
      if (size < RECORD_BYTES_MIN || size > left) {
        throw new WireError(`record of ${size} bytes at ${at} of a pull's ${records.length}`);
      }
      this.#messages++;
      if (this.#endToEnd !== undefined) {
        const storedAt = readInt64(view, at + storeTimestampAt(view.getInt32(at + SYS_FLAG_AT)));
        this.#endToEnd.record(arrived - storedAt);
      }
      at += size;
    }
    this.#bytes += records.length;
    this.#pulls++;
    this.#lastAt = now;
    this.#latencies.record(now - asked);
    if (this.#messages >= this.#most) this.#course.finish(now);
  }

  /** All that counts so far. */
  get counts(): PullCounts {
    return { messages: this.#messages, bytes: this.#bytes, pulls: this.#pulls };
  }

  /** What happened since the last call. */
  takeSecond(): PullSecond {
    const { messages, bytes, pulls } = this.#before;
    const all = this.#before = this.counts;
    return {
      messages: all.messages - messages,
      bytes: all.bytes - bytes,
      pulls: all.pulls - pulls,
      latency: this.#latencies.takeFresh(),
      endToEnd: this.#endToEnd?.takeFresh(),
    };
  }

  /** How long pulls took that found messages. */
  get latency(): LatencySummary {
    return this.#latencies.summary();
  }

  /** How long messages took from the broker's log to here, by the clocks of both; undefined when not looked at. */
  get endToEnd(): LatencySummary | undefined {
    return this.#endToEnd?.summary();
  }

  /** Seconds that count: to the end of the course, or to the last message when all was read before. */
  secondsTo(readAll: boolean): number {
    const { warmUntil, until } = this.#course;
    const end = readAll ? Math.min(until, this.#lastAt) : until;
    return Math.max(0, end - warmUntil) / 1000;
  }
}
