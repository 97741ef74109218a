import { type Log, reasonOf } from "../../base/log.ts";
import { sleep } from "../../base/together.ts";
import type { Dir } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import type { CommitLog } from "../commit_log.ts";
import { DiskSpace, type Pressure } from "./disk_space.ts";
import type { RetentionOptions } from "./retention_options.ts";
import { Turn } from "../turn.ts";

/** The disks are looked at this often: they fill by what others write, too. */
const LOOK_MS = 1_000;
/** Files one pass removes at most. Source: DefaultMessageStore.CleanCommitLogService. */
const FILES_MAX = 10;

/** What retention looks after. */
export interface RetentionParts {
  readonly log: CommitLog;
  /** What is derived of the log and points into it: told where the log begins, each removes what lies before. */
  readonly derived: readonly { removeBefore(logMin: number, turn: Turn): Promise<void> }[];
  /** Up to where what is derived is safe; a queue that lost its last entries would count anew. */
  readonly upkeep: { readonly covered: number; cover(): Promise<void> };
  /** The folders whose disks count. */
  readonly dirs: readonly Dir[];
  readonly clock: Clock;
}

/** The file that may go next. */
interface Candidate {
  readonly end: number;
  readonly modifiedMs: number;
}

/** What speaks for a file's going and what against it. */
export interface Situation {
  /** ms since 1970. */
  readonly now: number;
  readonly pressure: Pressure;
  /** Expired files may go now, whatever the disk says. */
  readonly isTime: boolean;
  /** The log offset from which on a connected slave still needs the log; Infinity without one. */
  readonly neededFrom: number;
}

/**
 * Whether the oldest file of a log goes: because it is "expired" or the "disk" is full, or stays, because a
 * "slave" still needs it or nothing asks for it.
 */
export function verdictOn(
  file: Candidate,
  { now, pressure, isTime, neededFrom }: Situation,
  { reservedMs, forces }: RetentionOptions,
): "expired" | "disk" | "slave" | "stays" {
  if (pressure === "forced" && forces) return "disk";
  if (now - file.modifiedMs < reservedMs || !(isTime || pressure !== "none")) return "stays";
  return neededFrom < file.end ? "slave" : "expired";
}

/**
 * Removes the log's oldest files when they are expired or the disk is full, and then what pointed into them:
 * one file at a time, each gone for good before anything that belongs to it goes. The last file, and what is
 * not dispatched and safe yet, in the log and in the queues, always stays.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #options: RetentionOptions;
  readonly #report: Log;
  readonly #disk: DiskSpace;
  readonly #end = new AbortController();
  #neededFrom: () => number | undefined = () => undefined;
  #cleanedTo = 0; // log offset before which nothing derived is left
  #nextPass: number; // monotonic
  #asked = false; // somebody wants expired files to go now
  #keptFor = -1; // end of the file that stays for a slave, which was said
  #trouble = ""; // said already
  #holds = 0;
  #running: Promise<void> | undefined;
  #stopTimer: () => void = () => {};

  constructor(parts: RetentionParts, options: RetentionOptions, report: Log) {
    this.#parts = parts;
    this.#options = options;
    this.#report = report;
    this.#disk = new DiskSpace(parts.dirs, options.disk, parts.log, report);
    this.#nextPass = parts.clock.monotonic() + options.intervalMs;
    this.#wait();
  }

  /** Files that hold what `neededFrom` names are kept while the disk lets them be. */
  keepFrom(neededFrom: () => number | undefined): void {
    this.#neededFrom = neededFrom;
  }

  /** Removes expired files now, whatever the hour; resolves when that is done. */
  async removeExpired(): Promise<void> {
    const { log } = this.#parts;
    for (let before = -1; before !== log.minOffset;) {
      await this.#running;
      before = log.minOffset;
      this.#asked = true;
      await this.#pass();
      if (this.#trouble !== "") return;
    }
  }

  /** Removes what is derived of messages that are gone. */
  async cleanDerived(): Promise<void> {
    await this.#running;
    this.#cleanedTo = -1;
    await this.#pass();
  }

  /** Does `work`, which changes the files of the store, while none of them is removed. */
  async whileHeld<T>(work: () => Promise<T>): Promise<T> {
    this.#holds++;
    try {
      await this.#running;
      return await work();
    } finally {
      this.#holds--;
    }
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#stopTimer();
    this.#disk.close();
    await this.#running;
  }

  #wait(): void {
    this.#stopTimer = this.#parts.clock.after(LOOK_MS, () => {
      const pressure = this.#disk.look();
      if (pressure === "forced" || this.#parts.clock.monotonic() >= this.#nextPass) this.#pass();
      this.#wait();
    });
  }

  /** One at a time. Never rejects. */
  #pass(): Promise<void> {
    if (this.#holds > 0 || this.#end.signal.aborted) return Promise.resolve();
    return this.#running ??= this.#clean().finally(() => this.#running = undefined);
  }

  async #clean(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#nextPass = clock.monotonic() + this.#options.intervalMs;
    try {
      await this.#removeFiles();
      if (log.minOffset !== this.#cleanedTo) {
        await log.syncNames(); // also of files that a pass before could not make sure of
        await this.#removeDerived(log.minOffset);
      }
      this.#trouble = "";
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#trouble) this.#report.error("cannot remove old files", { reason });
      this.#trouble = reason;
    }
    this.#asked = false;
    this.#disk.judge();
  }

  async #removeFiles(): Promise<void> {
    const { log, clock, upkeep } = this.#parts;
    const from = log.minOffset;
    let count = 0;
    let because = "";
    try {
      for (; count < FILES_MAX && !this.#mustStop(); count++) {
        const why = this.#becauseOf();
        if (why === undefined) break;
        because = why;
        if (count > 0) await sleep(clock, this.#options.pauseMs, this.#end.signal); // a breath for the disk
        if (log.oldest!.end > upkeep.covered) await upkeep.cover();
        if (this.#mustStop() || log.oldest!.end > upkeep.covered) break;
        await log.removeOldest();
      }
    } finally {
      const { minOffset } = log;
      if (minOffset !== from) {
        this.#report.info("old files of the log were removed", { count, because, from, minOffset });
      }
    }
  }

  /** Why the oldest file goes now, or undefined. */
  #becauseOf(): "expired" | "disk" | undefined {
    const { log, clock } = this.#parts;
    const file = log.oldest;
    if (file === undefined) return undefined;
    const neededFrom = this.#neededFrom() ?? Infinity;
    const now = clock.now();
    const isTime = this.#asked || this.#options.hours.includes(new Date(now).getHours());
    const pressure = this.#disk.look();
    const verdict = verdictOn(file, { now, pressure, isTime, neededFrom }, this.#options);
    if (verdict === "stays") return undefined;
    if (verdict !== "slave") return verdict;
    if (this.#keptFor !== file.end) {
      this.#report.info("expired files of the log stay, a connected slave needs them", {
        neededFrom,
      });
    }
    this.#keptFor = file.end;
    return undefined;
  }

  async #removeDerived(logMin: number): Promise<void> {
    const turn = new Turn(this.#parts.clock);
    for (const part of this.#parts.derived) await part.removeBefore(logMin, turn);
    this.#cleanedTo = logMin;
  }

  #mustStop(): boolean {
    return this.#holds > 0 || this.#end.signal.aborted;
  }
}
