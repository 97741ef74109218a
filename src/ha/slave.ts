import { WireError } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { sleep, together, whenAborted } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Address, Net } from "../ports/net.ts";
import { decodeTransfers, type Transfer } from "./frames.ts";
import { checkTransfers, type CopyStore, Intake } from "./intake.ts";
import { Reporter } from "./reporter.ts";
import { Silence } from "./silence.ts";

export type { CopyStore } from "./intake.ts";

/** What a slave is told. Names in brackets are RocketMQ's. */
export interface SlaveOptions {
  /** An idle connection carries a report more often than this (haSendHeartbeatInterval). */
  readonly heartbeatMs: number;
  /** A master that sent nothing for longer is gone (haHousekeepingInterval). */
  readonly silenceMs: number;
  /** SYNC_FLUSH: confirm only what would survive a power cut here. */
  readonly onlyDurable: boolean;
}

export const SLAVE_DEFAULTS: SlaveOptions = {
  heartbeatMs: 5_000,
  silenceMs: 20_000,
  onlyDurable: false,
};

const DIAL_MS = 5_000;
/** Between two passes, doubling up to the second; back to the first once a master was followed. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 5_000;
/** A transfer this large may have more behind it. */
const FULL_BYTES = 16 * 1024;
/** How soon a master's address is noticed when there was none. */
const NO_MASTER_MS = 200;

/** What following a master takes. */
export interface Slave {
  readonly net: Pick<Net, "dial">;
  readonly clock: Clock;
  readonly store: CopyStore;
  readonly log: Log;
  readonly options: SlaveOptions;
  /** Where the master's HA port is now; asked before each dial. */
  readonly masterAddress: () => Address | undefined;
  readonly status: SlaveStatus;
}

/** How far a slave is with its master. */
export type SlaveState = "CONNECTING" | "HANDSHAKE" | "CATCHING_UP" | "IN_SYNC";

/** What a slave says about itself; only `followMaster` changes it. */
export class SlaveStatus {
  #state: SlaveState = "CONNECTING";
  #master: Address | undefined;
  #trouble: string | undefined;

  get state(): SlaveState {
    return this.#state;
  }

  /** The HA address of the master it follows or tries to reach. */
  get master(): Address | undefined {
    return this.#master;
  }

  /** Why the last pass ended. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @internal */
  enter(state: SlaveState, master: Address): void {
    this.#state = state;
    this.#master = master;
    if (this.followed) this.#trouble = undefined;
  }

  /** True while bytes come that continue our log. */
  get followed(): boolean {
    return this.#state === "CATCHING_UP" || this.#state === "IN_SYNC";
  }

  /** @internal Gives true when that is news: another trouble than before, numbers aside. */
  ended(trouble: string): boolean {
    const known = this.#trouble?.replace(/\d+/g, "#");
    this.#state = "CONNECTING";
    this.#trouble = trouble;
    return known !== trouble.replace(/\d+/g, "#");
  }
}

/** Copies the master's log until `signal` aborts: one connection after another, with a pause between. */
export async function followMaster(slave: Slave, signal: AbortSignal): Promise<void> {
  const { clock, log, status } = slave;
  let pauseMs = PAUSE_MS_MIN;
  while (!signal.aborted) {
    const master = slave.masterAddress();
    if (master === undefined) {
      await sleep(clock, NO_MASTER_MS, signal);
      continue;
    }
    let trouble = "the master closed the connection";
    try {
      await followOnce(master, slave, signal);
    } catch (error) {
      trouble = reasonOf(error);
    }
    if (signal.aborted) return;
    if (status.followed) pauseMs = PAUSE_MS_MIN;
    if (status.ended(trouble)) {
      log.warn("not connected to the master", { master: nameOf(master), reason: trouble });
    }
    await sleep(clock, pauseMs, signal);
    pauseMs = Math.min(PAUSE_MS_MAX, 2 * pauseMs);
  }
}

/**
 * One connection to a master: says where our log ends, then appends and reports what comes, until either
 * side ends it.
 * @throws {WireError} when the master sends what does not continue our log; nothing of it is written.
 */
async function followOnce(master: Address, slave: Slave, signal: AbortSignal): Promise<void> {
  const { net, clock, store, options, status } = slave;
  status.enter("CONNECTING", master);
  using conn = await net.dial(master, { timeoutMs: DIAL_MS, signal });
  status.enter("HANDSHAKE", master);
  let silentMs = 0;
  using silence = new Silence(clock, options.silenceMs, (ms) => {
    silentMs = ms;
    conn.close();
  });
  using reporter = new Reporter({
    store,
    clock,
    everyMs: 0.8 * options.heartbeatMs,
    onlyDurable: options.onlyDurable,
  }, conn.writable.getWriter());
  const transfers = conn.readable.pipeThrough(decodeTransfers(), { signal }).getReader();
  try {
    await together(signal, (until) => {
      whenAborted(until, () => (conn.close(), reporter.end()));
      return [reporter.ended, takeEach(transfers, reporter, silence, slave, master)];
    });
  } catch (error) {
    if (silentMs === 0) throw error;
  }
  if (silentMs > 0) {
    throw new WireError(`nothing came from the master for ${Math.round(silentMs)} ms`);
  }
}

async function takeEach(
  transfers: ReadableStreamDefaultReader<Transfer[]>,
  reporter: Reporter,
  silence: Silence,
  { store, status, log }: Slave,
  master: Address,
): Promise<void> {
  const intake = new Intake(store);
  const asked = await reporter.begin();
  for (;;) {
    const { value: batch, done } = await transfers.read();
    if (done) return;
    silence.heard();
    if (batch.length === 0) continue;
    checkTransfers(batch, store.log, asked);
    intake.append(batch);
    reporter.appended();
    if (status.state === "IN_SYNC") continue;
    status.enter("CATCHING_UP", master);
    if (!isLast(batch[batch.length - 1], store.log.fileBytes)) continue;
    status.enter("IN_SYNC", master);
    log.info("in sync with the master", { master: nameOf(master), end: store.log.tail });
  }
}

/** A master that has more fills its frames, unless a file ends: a short one is the last it has. */
function isLast({ logOffset, body }: Transfer, fileBytes: number): boolean {
  return body.length < FULL_BYTES &&
    (body.length === 0 || (logOffset + body.length) % fileBytes > 0);
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}
