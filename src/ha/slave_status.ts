import type { Log } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { addressText } from "../wire/host_address.ts";
import type { SlaveState } from "../wire/ha_status.ts";
import type { SlaveName } from "../wire/slave_name.ts";

export type { SlaveState } from "../wire/ha_status.ts";

/** The first and last byte of a master's log, as its broker said last. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** What shows a state, and what an operator does about it. */
export interface Why {
  readonly reason: string;
  readonly advice: string;
}

/** What a slave says of itself: its part of the answer to 907. */
export interface SlaveView extends Why {
  readonly state: SlaveState;
  /** ms since 1970. */
  readonly since: number;
  /** The master's HA address; undefined while there is none. */
  readonly master: string | undefined;
  /** -1 while it is not known. */
  readonly masterMinOffset: number;
  readonly masterMaxOffset: number;
  readonly bytesPerSecond: number;
  /** When bytes came from the master, ms since 1970; 0 before the first. */
  readonly lastRead: number;
  /** When it was sent a report, ms since 1970; 0 before the first. */
  readonly lastWrite: number;
}

const NOTHING: Why = { reason: "", advice: "" };
/** These hold no connection and take nothing from the master until their reason is gone. */
const STOPPED: ReadonlySet<SlaveState> = new Set([
  "AHEAD",
  "PURGED",
  "DIVERGED",
  "WRONG_FILE_SIZE",
]);
const FOLLOWED: ReadonlySet<SlaveState> = new Set(["CATCHING_UP", "IN_SYNC", "CHAINED"]);

/**
 * How a slave is with its master. `followMaster` alone changes it; everybody may look. A change is one line
 * of the log: a slave that tries again and again with the same trouble says so once.
 */
export class SlaveStatus {
  readonly #clock: Clock;
  readonly #log: Log;
  #state: SlaveState = "CONNECTING";
  #since: number;
  #why: Why = NOTHING;
  #master: Address | undefined;
  #bounds: Bounds | undefined;
  #said = ""; // the trouble in the last line, numbers aside
  #bytesPerSecond = 0;
  #lastRead = 0;
  #lastWrite = 0;
  #wake: () => void = () => {};
  #synced: () => void = () => {};
  #name: SlaveName | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#since = clock.now();
  }

  get state(): SlaveState {
    return this.#state;
  }

  /** The HA address of the master it follows or tries to reach. */
  get master(): Address | undefined {
    return this.#master;
  }

  /** What shows the state, with its numbers; empty when all is well. */
  get reason(): string {
    return this.#why.reason;
  }

  /** True while bytes come that continue our log. */
  get followed(): boolean {
    return FOLLOWED.has(this.#state);
  }

  /** True in a state that only an operator or a changed master ends. */
  get stopped(): boolean {
    return STOPPED.has(this.#state);
  }

  /** False while the master's tables may belong to another history than our log. */
  get mayCopyTables(): boolean {
    return !this.stopped;
  }

  /** How we name ourselves to the master; undefined while no HA connection stands. */
  get name(): SlaveName | undefined {
    return this.#name;
  }

  /** The master's log as of its last answer. */
  get bounds(): Bounds | undefined {
    return this.#bounds;
  }

  /** What to tell who asks. */
  view(): SlaveView {
    return {
      state: this.#state,
      since: this.#since,
      ...this.#why,
      master: this.#master && addressText(this.#master),
      masterMinOffset: this.#bounds?.min ?? -1,
      masterMaxOffset: this.#bounds?.max ?? -1,
      bytesPerSecond: this.followed ? this.#bytesPerSecond : 0,
      lastRead: this.#lastRead,
      lastWrite: this.#lastWrite,
    };
  }

  /** Calls `fn` each time the slave becomes IN_SYNC; one may. */
  onInSync(fn: () => void): void {
    this.#synced = fn;
  }

  /** Ends the pause between two tries: something changed that may end the trouble. */
  retry(): void {
    this.#wake();
  }

  /** @internal A pause that `retry` ends. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const stop = () => woken.abort();
    signal.addEventListener("abort", stop, { once: true });
    this.#wake = stop;
    if (!signal.aborted) await sleep(this.#clock, ms, woken.signal);
    signal.removeEventListener("abort", stop);
    this.#wake = () => {};
  }

  /** @internal The master that is tried now. */
  tries(master: Address): void {
    this.#master = master;
  }

  /** @internal A step of a try. A stopped slave stays what it is until a step shows that its reason is gone. */
  step(state: "CONNECTING" | "HANDSHAKE"): void {
    if (this.stopped) return;
    this.#become(state, this.#said === "" ? NOTHING : this.#why);
  }

  /** @internal The master's answers show no reason any more to stop. */
  mayTry(): void {
    if (this.stopped) this.#become("HANDSHAKE", NOTHING);
  }

  /** @internal Our log is the beginning of the master's, and this is how far it is. */
  follows(state: "CATCHING_UP" | "IN_SYNC" | "CHAINED", facts: Record<string, unknown>): void {
    if (this.#state === state) return;
    this.#become(state, NOTHING, facts);
    if (state === "IN_SYNC") this.#synced();
  }

  /** @internal What came continued our log: the trouble there was is over. */
  followsOn(facts: Record<string, unknown>): void {
    if (this.#said === "") return;
    this.#said = "";
    this.#say(facts);
  }

  /** @internal It does not go on: where it is now, and why. No connection and no answer end no stop. */
  troubled(state: SlaveState, why: Why): void {
    if (this.stopped && !STOPPED.has(state)) return;
    const said = `${state} ${why.reason.replace(/\d+/g, "#")}`;
    const known = this.#said === said;
    this.#said = said;
    if (this.#state !== state) this.#since = this.#clock.now();
    this.#state = state;
    this.#why = why;
    if (known) return;
    const facts = { state, master: this.#masterText(), reason: why.reason };
    const advice = why.advice === "" ? {} : { advice: why.advice };
    if (this.stopped) this.#log.error("does not follow the master", { ...facts, ...advice });
    else this.#log.warn("not connected to the master", { ...facts, ...advice });
  }

  /** @internal Our name on the connection that stands now; undefined when it ended. */
  named(name: SlaveName | undefined): void {
    this.#name = name;
  }

  /** @internal What the master said of its log. */
  learned(bounds: Bounds): void {
    this.#bounds = bounds;
  }

  /** @internal What the connection does. Times are ms since 1970. */
  measured(
    figures: { bytesPerSecond: number; lastRead: number; lastWrite: number },
  ): void {
    this.#bytesPerSecond = figures.bytesPerSecond;
    this.#lastRead = figures.lastRead;
    this.#lastWrite = figures.lastWrite;
  }

  #become(state: SlaveState, why: Why, facts: Record<string, unknown> = {}): void {
    this.#why = why;
    if (this.#state === state) return;
    this.#state = state;
    this.#since = this.#clock.now();
    if (this.#said === "") this.#say(facts); // else it may be the same trouble again
  }

  #say(facts: Record<string, unknown>): void {
    const state = this.#state;
    this.#log.info(LINES[state] ?? state, { state, master: this.#masterText(), ...facts });
  }

  #masterText(): string | undefined {
    return this.#master && addressText(this.#master);
  }
}

const LINES: Partial<Record<SlaveState, string>> = {
  CONNECTING: "connecting to the master",
  HANDSHAKE: "proving our log to the master",
  CATCHING_UP: "copying the master's log",
  IN_SYNC: "in sync with the master",
  CHAINED: "following a broker that is a slave itself",
};
