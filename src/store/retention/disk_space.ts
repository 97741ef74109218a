import { type Log, reasonOf } from "../../base/log.ts";
import type { Dir } from "../../ports/fs.ts";
import type { CommitLog } from "../commit_log.ts";
import type { DiskLimits } from "./retention_options.ts";

/** A disk in bytes: what is used, and what a process without privileges may still take. */
export interface Space {
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** What a disk asks for: nothing, that expired files go now, or that the oldest go whatever their age. */
export type Pressure = "none" | "expired" | "forced";

/** The part of a disk that is used, in whole percent. Rounded up, as RocketMQ does. Source: UtilAll. */
export function usedPercent({ usedBytes, freeBytes }: Space): number {
  const totalBytes = usedBytes + freeBytes;
  return totalBytes > 0 && totalBytes < Infinity ? Math.ceil(usedBytes * 100 / totalBytes) : 0;
}

/** How much room a disk asks for. */
export function pressureOf(space: Space, limits: DiskLimits): Pressure {
  const percent = usedPercent(space);
  const { expirePercent, forcePercent, enoughBytes } = limits;
  if (space.freeBytes < floorOf(space, limits)) return "forced";
  if (percent > forcePercent && space.freeBytes < enoughBytes) return "forced";
  return percent > expirePercent ? "expired" : "none";
}

/** Below this many free bytes nothing is stored: a flush, the tables and what is derived need room, too. */
function floorOf({ usedBytes, freeBytes }: Space, { minBytes }: DiskLimits): number {
  return Math.min(minBytes, (usedBytes + freeBytes) / 20);
}

/** Room that must be there beyond the floor before messages are stored again, or each one would be the last. */
const RESUME = 1.25;

/**
 * Why nothing may be stored on a disk with so few free bytes, or undefined. `refusing`: nothing is stored
 * already.
 */
export function tooFewBytes(
  path: string,
  space: Space,
  limits: DiskLimits,
  refusing: boolean,
): string | undefined {
  const floor = floorOf(space, limits);
  if (space.freeBytes >= (refusing ? floor * RESUME : floor)) return undefined;
  return `the disk of ${path} has ${sizeText(space.freeBytes)} free, messages are stored from ` +
    `${sizeText(floor * RESUME)} on (diskSpaceMin): make room on it; what is stored can be read`;
}

/** Why nothing may be stored on a disk that is so full, or undefined. */
export function tooFull(path: string, space: Space, limits: DiskLimits): string | undefined {
  const { refusePercent, enoughBytes } = limits;
  const percent = usedPercent(space);
  if (percent <= refusePercent || space.freeBytes >= enoughBytes) return undefined;
  return `the disk of ${path} is ${percent} % full, messages are stored up to ${refusePercent} % ` +
    `(diskSpaceWarningLevelRatio) or while ${sizeText(enoughBytes)} are free (diskSpaceEnough), ` +
    `${sizeText(space.freeBytes)} are: make room on it or keep messages for less time ` +
    `(fileReservedTime); what is stored can be read`;
}

function sizeText(bytes: number): string {
  const [unit, of] = bytes >= 1024 ** 3 ? ["GiB", 1024 ** 3] : ["MiB", 1024 ** 2];
  return `${(bytes / of).toFixed(1)} ${unit}`;
}

/** Looks again when so many bytes were appended at the latest. */
const LOOK_BYTES_MIN = 1024 * 1024;

/**
 * The disks a store lies on: says how much they press, and lets the log take nothing while they are too
 * full. The one owner of the log's `hold`.
 */
export class DiskSpace {
  readonly #dirs: readonly Dir[];
  readonly #limits: DiskLimits;
  readonly #log: CommitLog;
  readonly #report: Log;
  readonly #unlisten: () => void;
  #lookAt = 0; // log offset
  #unreadable = false;

  constructor(dirs: readonly Dir[], limits: DiskLimits, log: CommitLog, report: Log) {
    this.#dirs = dirs;
    this.#limits = limits;
    this.#log = log;
    this.#report = report;
    this.#unlisten = log.onMoved((tail) => {
      if (tail >= this.#lookAt) this.look();
    });
    this.judge();
  }

  /** Measures; with too few bytes left nothing is stored from this moment on. */
  look(): Pressure {
    const found = this.#measure();
    if (found === undefined) return "none";
    if (found.tooFew !== undefined || this.#log.gate.held !== undefined) this.#settle(found);
    return found.pressure;
  }

  /** Measures after all was removed that may go: a disk that is still too full takes nothing. */
  judge(): void {
    const found = this.#measure();
    if (found) this.#settle(found);
  }

  close(): void {
    this.#unlisten();
  }

  #settle({ tooFew, full }: Found): void {
    const { gate } = this.#log;
    const reason = tooFew ?? full;
    const before = gate.held;
    gate.hold(reason);
    if (reason !== undefined && before === undefined) {
      this.#report.error("nothing is stored", { reason });
    } else if (reason === undefined && before !== undefined) {
      this.#report.info("messages are stored again, there is room on the disk");
    }
  }

  /** All disks as one: the fullest of them counts. A disk that tells nothing is none that is full. */
  #measure(): Found | undefined {
    const limits = this.#limits;
    let pressure: Pressure = "none";
    let tooFew: string | undefined;
    let full: string | undefined;
    let room = Infinity;
    try {
      for (const dir of this.#dirs) {
        const space = dir.space();
        const one = pressureOf(space, limits);
        if (one === "forced" || pressure === "none") pressure = one;
        const { held } = this.#log.gate;
        tooFew ??= tooFewBytes(dir.path, space, limits, held !== undefined);
        full ??= tooFull(dir.path, space, limits);
        room = Math.min(room, space.freeBytes - floorOf(space, limits));
      }
      this.#unreadable = false;
    } catch (error) {
      if (!this.#unreadable) {
        this.#report.warn("the disk does not tell how full it is", { reason: reasonOf(error) });
      }
      this.#unreadable = true;
      return undefined;
    }
    this.#lookAt = this.#log.tail + Math.max(LOOK_BYTES_MIN, room / 2); // what is derived takes room, too
    return { pressure, tooFew, full };
  }
}

/** What all disks together say. */
interface Found {
  readonly pressure: Pressure;
  readonly tooFew: string | undefined;
  readonly full: string | undefined;
}
