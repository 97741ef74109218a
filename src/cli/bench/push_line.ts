import { reasonOf } from "../../base/log.ts";
import { decodeTransfers, encodeReport, type Transfer } from "../../ha/frames.ts";
import type { Clock } from "../../ports/host.ts";
import type { Connection } from "../../ports/net.ts";
import { CallError } from "../../rpc/peer.ts";
import { addressText } from "../../wire/host_address.ts";
import { WireError } from "../../base/errors.ts";
import type { Course } from "./course.ts";

/** What is to come. */
export interface PushWanted {
  /** The report that is made. */
  readonly report: number;
  /** Log offset that ends it; what comes beyond in the same read counts too. */
  readonly until: number;
  /** Size of the log's files: a frame must not lie across an end of one; 0 when it is not known. */
  readonly fileBytes: number;
}

/** What came. */
export interface PushCounts {
  readonly bytes: number;
  readonly frames: number;
  readonly heartbeats: number;
}

/** Counts what a master pushes, and checks that it is one log without gaps. Times are monotonic. */
export class PushTally {
  #bytes = 0;
  #frames = 0;
  #heartbeats = 0;
  #secondBytes = 0;
  #passAt: number | undefined; // when the first bytes of this pass came
  #lastAt = 0;
  #timedBytes = 0;
  #timedMs = 0;
  /** Log offset of the first byte; of the pass under way. */
  begin: number | undefined;
  #at: number | undefined;
  /** Passes over the log that were completed. */
  passes = 0;
  /** ms from the report to the first bytes, of the first pass. */
  firstMs: number | undefined;
  /** When they came; monotonic. */
  firstAt: number | undefined;

  /** A connection begins. */
  anew(): void {
    this.#at = this.#passAt = undefined;
  }

  /** Log offset of the next byte; undefined before the first. */
  get at(): number | undefined {
    return this.#at;
  }

  /** All that came so far. */
  get counts(): PushCounts {
    return { bytes: this.#bytes, frames: this.#frames, heartbeats: this.#heartbeats };
  }

  /** Bytes since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes - this.#secondBytes;
    this.#secondBytes = this.#bytes;
    return bytes;
  }

  /** How fast bytes came once they came: a master may look at a slave for long before it sends the first. */
  get rate(): { readonly bytesPerSecond: number; readonly seconds: number } {
    const bytesPerSecond = this.#timedMs > 0 ? this.#timedBytes * 1000 / this.#timedMs : 0;
    return { bytesPerSecond, seconds: this.#timedMs / 1000 };
  }

  /** One frame. @throws {WireError} when it does not continue the log, or a slave could not take it. */
  frame({ logOffset, body }: Transfer, { report, fileBytes }: PushWanted, now: number): void {
    if (this.#at === undefined) checkBegin(logOffset, report, fileBytes);
    else if (logOffset !== this.#at) {
      throw new WireError(`frame at ${logOffset}, the one before ended at ${this.#at}`);
    }
    if (body.length === 0) {
      this.#heartbeats++;
      return;
    }
    const end = logOffset + body.length;
    if (fileBytes > 0 && Math.floor(logOffset / fileBytes) !== Math.floor((end - 1) / fileBytes)) {
      throw new WireError(`frame from ${logOffset} to ${end}, a file of ${fileBytes} ends between`);
    }
    this.begin ??= logOffset;
    this.#at = end;
    this.#bytes += body.length;
    this.#frames++;
    if (this.#passAt === undefined) this.#passAt = this.#lastAt = now;
    if (now === this.#passAt) return; // what came first came in no time
    this.#timedBytes += body.length;
    this.#timedMs += now - this.#lastAt;
    this.#lastAt = now;
  }
}

function checkBegin(logOffset: number, report: number, fileBytes: number): void {
  const isStart = report === 0
    ? fileBytes === 0 || logOffset % fileBytes === 0
    : logOffset === report;
  if (isStart) return;
  const wanted = report === 0 ? "the start of a file" : `at ${report} as reported`;
  throw new WireError(`first frame at ${logOffset}, it must be ${wanted}`);
}

/** A master sends an idle slave away after 20 s; the same report again confirms nothing. */
const REPEAT_MS = 5_000;

/** Plays a slave on one connection. */
export class PushLine {
  readonly #conn: Connection;
  readonly #wanted: PushWanted;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #clock: Clock;
  #reportedAt: number;
  #closed = false;

  constructor(conn: Connection, wanted: PushWanted, clock: Clock) {
    this.#conn = conn;
    this.#wanted = wanted;
    this.#clock = clock;
    this.#writer = conn.writable.getWriter();
    this.#reportedAt = clock.monotonic();
  }

  /** Takes the log up to where it is wanted, or until the course is over. @throws {CallError} */
  async run(course: Course, tally: PushTally): Promise<void> {
    const { until } = this.#wanted;
    const conn = this.#conn;
    const transfers = conn.readable.pipeThrough(decodeTransfers((chunk) => conn.recycle?.(chunk)))
      .getReader();
    const begun = this.#clock.monotonic();
    tally.anew();
    this.#report();
    try {
      while ((tally.at ?? 0) < until) {
        const { value: batch, done } = await transfers.read();
        if (done) throw new Error("closed by the master");
        const now = this.#clock.monotonic();
        for (const transfer of batch) tally.frame(transfer, this.#wanted, now);
        if (tally.at !== undefined) {
          tally.firstMs ??= now - begun;
          tally.firstAt ??= now;
        }
        if (course.over(now)) return;
      }
      tally.passes++;
    } catch (error) {
      if (this.#closed) return;
      const at = tally.at === undefined ? "before its first bytes" : `at ${tally.at}`;
      const where = addressText(conn.remote);
      throw new CallError("closed", `${where} ended its log ${at}: ${reasonOf(error)}`);
    } finally {
      conn.close();
    }
  }

  /** Says the same again when it is time. */
  keep(now: number): void {
    if (now - this.#reportedAt >= REPEAT_MS) this.#report();
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    this.#conn.close();
  }

  #report(): void {
    this.#reportedAt = this.#clock.monotonic();
    this.#writer.write(encodeReport(this.#wanted.report)).catch(() => {}); // the reader sees it
  }
}
