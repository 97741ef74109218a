import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces, totalmem } from "node:os";
import process from "node:process";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import type { Clock, Codecs } from "../ports/host.ts";

// What Node's modules give alike on both runtimes.

/** A longer delay would overflow the timer and fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's clock. */
export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
  soon: (fn) => void setImmediate(fn), // a timer would take a millisecond
};

/** zlib of the runtime: CRC-32 of 1 KiB takes 40 ns there, 500 in TypeScript. */
export const codecs: Codecs = {
  crc32: (bytes, seed) => crc32(bytes, seed),
  deflate: (bytes, level) => plain(deflateSync(bytes, level === undefined ? {} : { level })),
  inflate: (bytes, maxBytes) => plain(inflateSync(bytes, { maxOutputLength: maxBytes })),
};

/** Fills `into`; the runtime takes no more than 64 KiB a call. */
export function random(into: Uint8Array): void {
  for (let at = 0; at < into.length; at += 65536) {
    crypto.getRandomValues(into.subarray(at, at + 65536) as Uint8Array<ArrayBuffer>);
  }
}

/** IPv4 addresses of this machine, loopback last. */
export function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    .filter((one) => one.family === "IPv4");
  return [...all.filter((one) => !one.internal), ...all.filter((one) => one.internal)]
    .map((one) => one.address);
}

/** The name that Linux gives each run of the machine. */
export function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || undefined;
  } catch {
    return undefined; // not Linux, or nobody may look
  }
}

/** Memory of the machine and of this process. */
export function memory(): { totalBytes: number; residentBytes: number } {
  return { totalBytes: totalmem(), residentBytes: process.memoryUsage.rss() };
}

const SCHEDULE = "/proc/self/schedstat";

/** How long the main thread waited for a processor; undefined where there is no telling. */
export const unservedMs: (() => number) | undefined = existsSync(SCHEDULE)
  ? () => {
    const text = readFileSync(SCHEDULE, "latin1"); // ns it ran, ns it waited, how often it ran
    return Number(text.slice(text.indexOf(" ") + 1, text.lastIndexOf(" "))) / 1e6;
  }
  : undefined;

/** The same bytes without Node's Buffer, whose `slice` means something else. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
