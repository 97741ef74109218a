import type { Fs } from "./fs.ts";
import type { Net } from "./net.ts";

/** Time and timers. Tests hand in their own. */
export interface Clock {
  /** Wall clock, ms since 1970; may jump. For what is stored and shown, never for deadlines. */
  now(): number;
  /** Milliseconds since some fixed moment, with fractions; never jumps. For deadlines and durations. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the result cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Calls `fn` once, after the input that is ready now has been handled; no shorter than a turn of the event loop. */
  soon(fn: () => void): void;
}

/** Work on bytes that a runtime does natively, many times faster than TypeScript could. */
export interface Codecs {
  /** CRC-32 (IEEE) as an unsigned number; `seed` continues an earlier one. */
  crc32(bytes: Uint8Array, seed?: number): number;
  /** zlib stream (RFC 1950) of the bytes. */
  deflate(bytes: Uint8Array, level?: number): Uint8Array;
  /** @throws {Error} when the bytes are no zlib stream or would give more than `maxBytes`. */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/** What the command line asks of the process it runs in. */
export interface Terminal {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workDir: string;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  stdout(text: string): void;
  stderr(text: string): void;
  /** All of standard input as bytes. */
  stdin(): Promise<Uint8Array>;
  /** The next line of standard input, as a person types it; undefined when there is none. */
  line(): Promise<string | undefined>;
  /** Calls `fn` on SIGTERM and SIGINT, each time one arrives. */
  onStopSignal(fn: (signal: "SIGTERM" | "SIGINT") => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** One runtime, seen from the core: everything it may ask of it. */
export interface Runtime {
  readonly name: "deno" | "bun";
  readonly version: string;
  readonly net: Net;
  readonly fs: Fs;
  readonly clock: Clock;
  readonly codecs: Codecs;
  readonly processId: number;
  /** Names this run of the machine: another one after each restart. Absent where the system has no such name. */
  readonly bootId?: string;
  /** Fills `into` with random bytes. */
  random(into: Uint8Array): void;
  /** IPv4 addresses of this machine, loopback last. */
  addresses(): string[];
  /** Physical memory and what this process holds of it, in bytes. */
  memory(): { totalBytes: number; residentBytes: number };
  /**
   * For how many ms this process's own thread was ready to work while the machine served others. Absent where
   * the system does not tell.
   */
  readonly unservedMs?: () => number;
}
