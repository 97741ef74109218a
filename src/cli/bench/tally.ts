import { readJsonHeader } from "../../wire/header_json.ts";
import { ResponseCode } from "../../wire/codes.ts";
import type { Course } from "./course.ts";
import type { Latencies, LatencySummary } from "./latencies.ts";

/** What a message that is stored may be answered with, and how producers call that. */
export const STORED: ReadonlyMap<number, string> = new Map([
  [ResponseCode.SUCCESS, "SEND_OK"],
  [ResponseCode.FLUSH_DISK_TIMEOUT, "FLUSH_DISK_TIMEOUT"],
  [ResponseCode.SLAVE_NOT_AVAILABLE, "SLAVE_NOT_AVAILABLE"],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, "FLUSH_SLAVE_TIMEOUT"],
]);

/** Answers of one code. */
export interface CodeCount {
  readonly code: number;
  /** Such as SEND_OK or SYSTEM_BUSY; the number when it has no name. */
  readonly status: string;
  /** Requests answered so that count. */
  readonly requests: number;
  /** What the first of them gave as the reason. */
  readonly remark?: string;
}

/** What one second brought. */
export interface Second {
  /** Requests stored, and all others that were answered. */
  readonly stored: number;
  readonly other: number;
  readonly latency: LatencySummary;
}

interface Count {
  requests: number;
  remark: string | undefined;
}

/** What the answers to a load's sends came to. */
export class Tally {
  readonly #course: Course;
  readonly #latencies: Latencies;
  readonly #counts = new Map<number, Count>();
  readonly #ok: Count = { requests: 0, remark: undefined };
  /** Requests stored within the time that counts, whenever they were begun. */
  #inTime = 0;
  /** Requests stored, the warm-up's too. */
  #storedInAll = 0;
  #okInAll = 0;
  #otherInAll = 0;
  #lastAt = 0;
  #secondStored = 0;
  #secondOther = 0;

  constructor(course: Course, latencies: Latencies) {
    this.#course = course;
    this.#latencies = latencies;
    this.#counts.set(ResponseCode.SUCCESS, this.#ok);
  }

  /** One answer to what was begun at `begun`; the frame is looked at for the first of each code. */
  answered(
    code: number,
    begun: number,
    now: number,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): void {
    const course = this.#course;
    const counts = course.counts(begun);
    this.#lastAt = now;
    if (code === ResponseCode.SUCCESS) {
      this.#okInAll++;
      if (counts) this.#ok.requests++;
    } else {
      const count = this.#countOf(code, bytes, at, end);
      if (counts) count.requests++;
      if (!STORED.has(code)) {
        this.#otherInAll++;
        return;
      }
    }
    this.#storedInAll++;
    if (counts) this.#latencies.record(now - begun);
    if (now >= course.warmUntil && now < course.until) this.#inTime++;
  }

  #countOf(code: number, bytes: Uint8Array, at: number, end: number): Count {
    let count = this.#counts.get(code);
    if (count === undefined) {
      count = { requests: 0, remark: remarkIn(bytes.subarray(at, end)) };
      this.#counts.set(code, count);
    }
    return count;
  }

  /** Requests stored so far, those of the warm-up among them. */
  get storedInAll(): number {
    return this.#storedInAll;
  }

  /** Requests answered SEND_OK so far, those of the warm-up among them. */
  get okInAll(): number {
    return this.#okInAll;
  }

  /** Requests refused so far. */
  get refusedInAll(): number {
    return this.#otherInAll;
  }

  /** What happened since the last call. */
  takeSecond(): Second {
    const stored = this.#storedInAll - this.#secondStored;
    const other = this.#otherInAll - this.#secondOther;
    this.#secondStored = this.#storedInAll;
    this.#secondOther = this.#otherInAll;
    return { stored, other, latency: this.#latencies.takeFresh() };
  }

  /** Answers that count, by code; SEND_OK first. */
  get counts(): CodeCount[] {
    return [...this.#counts]
      .filter(([code, { requests }]) => requests > 0 || code === ResponseCode.SUCCESS)
      .sort(([a], [b]) => a - b)
      .map(([code, { requests, remark }]) => ({
        code,
        status: statusOf(code),
        requests,
        ...remark === undefined ? {} : { remark },
      }));
  }

  /** Requests stored a second, and over how many seconds that was. A count ends with its last answer. */
  get rate(): { readonly perSecond: number; readonly seconds: number } {
    const { warmUntil, until, spent } = this.#course;
    const end = spent ? Math.min(until, Math.max(this.#lastAt, warmUntil)) : until;
    const ms = Math.max(0, end - warmUntil);
    return { perSecond: ms > 0 ? this.#inTime * 1000 / ms : 0, seconds: ms / 1000 };
  }

  /** How long those that were stored took. */
  get latency(): LatencySummary {
    return this.#latencies.summary();
  }
}

/** How producers, or the protocol, call a code. */
export function statusOf(code: number): string {
  const known = Object.entries(ResponseCode).find(([, value]) => value === code);
  return STORED.get(code) ?? known?.[0] ?? `code ${code}`;
}

function remarkIn(frame: Uint8Array): string | undefined {
  const header = frame.subarray(4, 4 + (frame[1] << 16 | frame[2] << 8 | frame[3]));
  return readJsonHeader(header).remark?.split("\n")[0].trim() || undefined;
}
