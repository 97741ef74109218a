import type { Log } from "../base/log.ts";
import type { Clock, Codecs } from "../ports/host.ts";
import type { Address, Net } from "../ports/net.ts";
import type { SlaveStore } from "./begin.ts";
import { Follower } from "./follower.ts";
import type { MasterAnswers } from "./master_answers.ts";
import type { SlaveStatus, Why } from "./slave_status.ts";
import type { OnProgress } from "./watch.ts";

export type { SlaveStore } from "./begin.ts";
export { SlaveStatus } from "./slave_status.ts";

/** What a slave is told. Names in brackets are RocketMQ's, if it has them. */
export interface SlaveOptions {
  /** An idle connection carries a report more often than this (haSendHeartbeatInterval). */
  readonly heartbeatMs: number;
  /** A master that sent nothing for longer is gone (haHousekeepingInterval). */
  readonly silenceMs: number;
  /** SYNC_FLUSH: confirm only what would survive a power cut here. */
  readonly onlyDurable: boolean;
  /** "stream": follow also a master whose broker port does not answer (haProof). */
  readonly proof: "requests" | "stream";
  /** Where an empty log begins (haSyncFrom). */
  readonly syncFrom: "min" | "last" | number;
}

export const SLAVE_DEFAULTS: SlaveOptions = {
  heartbeatMs: 5_000,
  silenceMs: 20_000,
  onlyDurable: false,
  proof: "requests",
  syncFrom: "min",
};

/** Where a master is reached. */
export interface MasterAt {
  /** Its HA port. */
  readonly ha: Address;
  /** Where it answers requests. */
  readonly broker: Address;
}

/** Between two passes, doubling up to the second; back to the first once a master was followed. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 5_000;
/** A slave that stopped looks this often whether its reason is gone. */
const STOPPED_MS = 5_000;
/** How soon a master's address is noticed when there was none. */
const NO_MASTER_MS = 200;
/** Name servers may need as long as this to hear of a master; then its absence is worth a line. */
const MASTER_EXPECTED_MS = 5_000;

const NO_MASTER: Why = {
  reason: "no name server knows a master of our broker name",
  advice: "start the master, or set haMasterAddress",
};

/** What following a master takes. */
export interface Slave {
  readonly net: Pick<Net, "dial">;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly store: SlaveStore;
  readonly log: Log;
  readonly options: SlaveOptions;
  /** Where the master is now; asked before each pass. */
  readonly master: () => MasterAt | undefined;
  /** Who is asked there. */
  readonly answers: (broker: Address) => MasterAnswers;
  /** How we name ourselves. */
  readonly self: { readonly brokerId: number; readonly listenPort: number };
  readonly status: SlaveStatus;
  /** What of the log lies behind it may have been lost when the machine restarted. */
  readonly suspectFrom?: number;
  /** Takes our log back or empties it when that is due: runs before each try, never rejects. */
  readonly between?: (signal: AbortSignal) => Promise<void>;
  /** Shows how far a long copy is; without it the log says so. */
  readonly onProgress?: OnProgress;
}

/** Copies the master's log until `signal` aborts: one connection after another, with a pause between. */
export async function followMaster(slave: Slave, signal: AbortSignal): Promise<void> {
  const { status, clock } = slave;
  const saysAt = clock.monotonic() + MASTER_EXPECTED_MS;
  const follower = new Follower(slave);
  let pauseMs = PAUSE_MS_MIN;
  while (!signal.aborted) {
    await slave.between?.(signal);
    const master = slave.master();
    if (master === undefined) {
      if (clock.monotonic() >= saysAt) status.troubled("CONNECTING", NO_MASTER);
      await status.pause(NO_MASTER_MS, signal);
      continue;
    }
    const followed = await follower.pass(master, signal);
    if (signal.aborted) return;
    if (followed) pauseMs = PAUSE_MS_MIN;
    await status.pause(status.stopped ? STOPPED_MS : pauseMs, signal);
    pauseMs = Math.min(PAUSE_MS_MAX, 2 * pauseMs);
  }
}
