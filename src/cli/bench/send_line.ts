import type { Clock } from "../../ports/host.ts";
import type { Address, Connection } from "../../ports/net.ts";
import { reasonOf } from "../../base/log.ts";
import { CallError } from "../../rpc/peer.ts";
import { addressText } from "../../wire/host_address.ts";
import { AnswerScan } from "./answer_scan.ts";
import type { Course } from "./course.ts";
import type { SendTemplate } from "./send_template.ts";
import type { Tally } from "./tally.ts";

/** A write takes so much, or one request. Larger ones leave the processor's cache. */
const WRITE_BYTES = 256 * 1024;
const OPAQUE_MAX = 0x7fffffff;

/** When the requests of one connection are to be begun, whatever is still under way. */
export interface Schedule {
  /** Monotonic. */
  readonly firstAt: number;
  readonly everyMs: number;
}

/** What a connection sends, and who is told. */
export interface SendLineOptions {
  readonly conn: Connection;
  readonly template: SendTemplate;
  readonly inFlight: number;
  readonly course: Course;
  readonly tally: Pick<Tally, "answered">;
  readonly clock: Clock;
  /** Without it a request is begun as soon as another is answered. */
  readonly schedule?: Schedule;
}

/**
 * One connection that keeps sends under way. All that one read answers is begun anew with one write, out of
 * buffers in which the requests lie already and only their numbers change.
 */
export class SendLine {
  readonly #options: SendLineOptions;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AnswerScan;
  /** When each was begun, by the low bits of its opaque: more places than are ever under way. */
  readonly #begun: Float64Array;
  readonly #mask: number;
  readonly #perWrite: number;
  readonly #spare: Uint8Array[] = [];
  #opaque = 0;
  #count = 0; // begun by schedule
  #underWay = 0;
  #now = 0;
  #heardAt: number;
  #finished = false;
  #failure: Error | undefined;

  constructor(options: SendLineOptions) {
    const { conn, template, inFlight, clock } = options;
    this.#options = options;
    this.#writer = conn.writable.getWriter();
    this.#answers = new AnswerScan((code, opaque, bytes, at, end) => {
      this.#underWay--;
      const begun = this.#begun[opaque & this.#mask];
      options.tally.answered(code, begun, this.#now, bytes, at, end);
    });
    let places = 1024;
    while (places < 2 * inFlight) places *= 2;
    this.#begun = new Float64Array(places);
    this.#mask = places - 1;
    const fitting = Math.floor(WRITE_BYTES / template.bytes.length);
    this.#perWrite = Math.max(1, Math.min(inFlight, fitting));
    this.#heardAt = clock.monotonic();
  }

  /** Requests that wait for their answer. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The broker. */
  get remote(): Address {
    return this.#options.conn.remote;
  }

  /** When it last heard of the broker while it waited; monotonic. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Requests that were due by the end and never begun: the broker is slower than the schedule. */
  overdue(until: number): number {
    const { schedule, course } = this.#options;
    if (schedule === undefined || course.spent) return 0;
    return Math.max(0, dueBy(schedule, until) - this.#count);
  }

  /** Sends until the course is over and all is answered. @throws {CallError} {WireError} when that fails before. */
  async run(): Promise<void> {
    const { conn, clock } = this.#options;
    const reader = conn.readable.getReader();
    try {
      this.pump(clock.monotonic());
      while (!this.#finished) {
        const { value, done } = await reader.read();
        if (done) break;
        this.#now = this.#heardAt = clock.monotonic();
        this.#answers.push(value);
        conn.recycle?.(value);
        this.pump(this.#now);
      }
    } catch (error) {
      this.#failure ??= error instanceof CallError ? error : this.#lost(reasonOf(error));
    } finally {
      conn.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#finished) throw this.#lost("closed by the broker");
  }

  /** Begins what may be begun now; ends the line when nothing is left to do. */
  pump(now: number): void {
    const { inFlight, course, schedule, conn } = this.#options;
    let wanted = inFlight - this.#underWay;
    if (wanted > 0 && schedule !== undefined) {
      wanted = Math.min(wanted, dueBy(schedule, now) - this.#count);
    }
    if (wanted > 0) this.#begin(course.take(wanted, now), now);
    if (this.#underWay > 0 || !course.over(now) || this.#finished) return;
    this.#finished = true;
    conn.close();
  }

  /** Gives up what is under way. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#options.conn.close();
  }

  #begin(count: number, now: number): void {
    const { template, schedule, clock } = this.#options;
    if (this.#underWay === 0) this.#heardAt = now;
    this.#underWay += count;
    const bornMs = clock.now();
    for (let left = count; left > 0;) {
      const n = Math.min(left, this.#perWrite);
      const buffer = this.#spare.pop() ?? this.#buffer();
      for (let i = 0; i < n; i++) {
        this.#opaque = this.#opaque === OPAQUE_MAX ? 1 : this.#opaque + 1;
        this.#begun[this.#opaque & this.#mask] = schedule === undefined
          ? now
          : schedule.firstAt + this.#count++ * schedule.everyMs;
        template.patch(buffer, i * template.bytes.length, this.#opaque, bornMs);
      }
      this.#write(buffer, n * template.bytes.length);
      left -= n;
    }
  }

  /** Nobody waits for the write: when the broker does not take it there are no answers to begin more for. */
  #write(buffer: Uint8Array, bytes: number): void {
    this.#writer.write(buffer.subarray(0, bytes)).then(
      () => this.#spare.push(buffer),
      (error) => this.#finished || this.fail(this.#lost(reasonOf(error))),
    );
  }

  #buffer(): Uint8Array {
    const { bytes } = this.#options.template;
    const buffer = new Uint8Array(this.#perWrite * bytes.length);
    for (let i = 0; i < this.#perWrite; i++) buffer.set(bytes, i * bytes.length);
    return buffer;
  }

  #lost(reason: string): CallError {
    const { remote } = this.#options.conn;
    return new CallError(
      "closed",
      `lost the connection to ${
        addressText(remote)
      } with ${this.#underWay} sends under way: ${reason}`,
    );
  }
}

/** Requests whose time has come. */
function dueBy({ firstAt, everyMs }: Schedule, now: number): number {
  return now < firstAt ? 0 : Math.floor((now - firstAt) / everyMs) + 1;
}
