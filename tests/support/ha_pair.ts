import { silentLog } from "../../src/base/log.ts";
import type { Clock } from "../../src/ports/host.ts";
import { STORE_DEFAULTS } from "../../src/store/options.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { VirtualClock } from "./clock.ts";
import { codecs } from "./codecs.ts";
import { answersOfLog, startMaster, startSlave, type TestMaster, type TestSlave } from "./ha.ts";
import { MemFs } from "./mem_fs.ts";
import type { MemNet } from "./mem_net.ts";
import { message } from "./store.ts";

/** Small files, so that a test crosses many ends. */
export const LOG_FILE_BYTES = 16 * 1024;
const OPTIONS = {
  ...STORE_DEFAULTS,
  logFileBytes: LOG_FILE_BYTES,
  queueFileBytes: 2000,
  maxMessageBytes: 4096,
};

/** One life of a process: when it is killed its timers never fire again. */
class LifeClock implements Clock {
  readonly #clock: VirtualClock;
  alive = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, fn: () => void): () => void {
    return this.#clock.after(ms, () => this.alive && fn());
  }

  soon(fn: () => void): void {
    this.#clock.soon(() => this.alive && fn());
  }
}

/** A node's disk, and its process while it runs. */
abstract class Node<Role extends { stop(): Promise<void> }> {
  readonly fs = new MemFs();
  readonly clock: VirtualClock;
  readonly net: MemNet;
  #life: LifeClock | undefined;
  #store: Store | undefined;
  #role: Role | undefined;

  constructor(net: MemNet, clock: VirtualClock) {
    this.net = net;
    this.clock = clock;
  }

  get alive(): boolean {
    return this.#life !== undefined;
  }

  get store(): Store {
    return this.#store!;
  }

  get role(): Role {
    return this.#role!;
  }

  async start(): Promise<void> {
    this.#life = new LifeClock(this.clock);
    const opening = openStore(
      { fs: this.fs, clock: this.#life, codecs },
      this.fs.dir("store"),
      OPTIONS,
      silentLog,
    );
    this.#store = await driven(this.clock, opening);
    this.#role = await this.serve(this.#store, this.#life);
  }

  /** kill -9: what was written stays, connections break, nothing runs any more. */
  async kill(): Promise<void> {
    this.#life!.alive = false;
    this.#life = undefined;
    this.fs.kill();
    await this.role.stop();
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    await this.role.stop();
    await driven(this.clock, this.store.close());
    this.#life = undefined;
  }

  /** The whole log. */
  bytes(): Uint8Array {
    const { log } = this.store;
    const bytes = new Uint8Array(log.tail - log.minOffset);
    for (let at = 0; at < bytes.length;) {
      at += log.readAt(log.minOffset + at, bytes.subarray(at));
    }
    return bytes;
  }

  protected abstract serve(store: Store, clock: Clock): Promise<Role>;
}

/** A master whose every confirmation is looked at. */
export class MasterNode extends Node<TestMaster> {
  /** Called with each offset it takes as confirmed. */
  onConfirmed: (confirmed: number) => void = () => {};
  transferBytes = 4096;

  /** Stores messages with bodies of the given sizes, in one commit. */
  put(...bodyBytes: number[]): void {
    for (const [i, length] of bodyBytes.entries()) {
      const body = new Uint8Array(length).fill(length & 255);
      this.store.append(message({ queueId: i % 4, body }));
    }
    this.store.commit();
  }

  protected async serve(store: Store, clock: Clock): Promise<TestMaster> {
    const { transferBytes } = this;
    const master = await startMaster(this.net, clock, store.log, { transferBytes });
    master.acks.onConfirmed((confirmed) => this.onConfirmed(confirmed));
    return master;
  }
}

/** A slave of whatever listens on the HA port; with a master named it proves its log to that one first. */
export class SlaveNode extends Node<TestSlave> {
  onlyDurable = false;
  master: MasterNode | undefined;

  // deno-lint-ignore require-await -- a role may need time to start
  protected async serve(store: Store, clock: Clock): Promise<TestSlave> {
    const { onlyDurable, master } = this;
    const answers = master && answersOfLog(() => master.alive ? master.store.log : undefined);
    return startSlave(this.net, clock, store, { onlyDurable, answers });
  }
}

/** Runs what a promise needs of a clock that stands still. */
export async function driven<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let over = false;
  const done = promise.finally(() => over = true);
  done.catch(() => {});
  while (!over) await clock.settle();
  return await done;
}
