import { QueueRead, READ_LIMITS } from "../../../../src/store/read.ts";
import {
  RETENTION_DEFAULTS,
  type RetentionOptions,
} from "../../../../src/store/retention/retention_options.ts";
import type { StoreOptions } from "../../../../src/store/options.ts";
import type { Store } from "../../../../src/store/store.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { closeAt, Lines, message, openAt } from "../../../support/store.ts";

export const HOUR = 3_600_000;
export const FILE = 65_536;
/** Of messages of 16,000 bytes four fill a file. */
export const BODY = new Uint8Array(16_000);

/** A store whose files a test lets get old. */
export class Aging {
  readonly fs = new MemFs();
  readonly clock = new VirtualClock();
  readonly log = new Lines();
  store!: Store;

  static async open(options: Partial<RetentionOptions> = {}): Promise<Aging> {
    const it = new Aging();
    it.fs.now = () => it.clock.now();
    await it.open(options);
    return it;
  }

  async open(
    options: Partial<RetentionOptions> = {},
    others: Partial<StoreOptions> = {},
  ): Promise<void> {
    const retention = { ...RETENTION_DEFAULTS, hours: [], ...options };
    const all = { retention, queueFileBytes: 40, ...others };
    this.store = await openAt(this.clock, this.fs, all, this.log);
  }

  /** Fills so many files of the log, the last of them with one message only; they alternate between two queues. */
  async fill(files: number): Promise<void> {
    for (let i = 0; i < 4 * (files - 1) + 1; i++) {
      const properties = `KEYS\x01k${i}`;
      this.store.append(message({ queueId: i % 2, body: BODY, properties }));
      this.store.commit();
    }
    await this.clock.settle();
    await this.store.flush.reached(this.store.log.tail);
    await this.clock.advance(1_000); // entries reach their files
  }

  /** Time passes without anything running on the way. */
  async later(ms: number): Promise<void> {
    this.clock.pause(ms);
    await this.clock.advance(10_000);
  }

  /** Lets what is expired go. */
  async expire(): Promise<void> {
    this.clock.pause(80 * HOUR);
    const removed = this.store.retention.removeExpired();
    await this.clock.advance(3_000);
    await removed;
  }

  get files(): string[] {
    return this.#in("commitlog");
  }

  #in(folder: string): string[] {
    return this.fs.paths(`store/${folder}`).map((path) => path.slice(path.lastIndexOf("/") + 1));
  }

  queueFiles(queueId: number): number[] {
    return this.#in(`consumequeue/T1/${queueId}`).map((name) => Number(name) / 20);
  }

  read(queueId: number, queueOffset: number): QueueRead {
    const read = new QueueRead();
    const queue = this.store.queues.get("T1", queueId);
    read.read(this.store.log, { queue, queueOffset, maxMessages: 32, limits: READ_LIMITS });
    return read;
  }

  close(): Promise<void> {
    return closeAt(this.clock, this.store);
  }
}

/** The hour it is now. */
export const hourOf = (clock: VirtualClock) => new Date(clock.now()).getHours();
