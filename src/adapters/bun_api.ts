import type { LockCall } from "./files.ts";

// What we use of Bun, typed by hand: its own types package redeclares globals that Deno declares as well.

/** A TCP socket of Bun; `data` is ours to set. */
export interface BunSocket<T> {
  data: T;
  /** The system's number of it; -1 once closed. */
  readonly fd: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Gives the number of bytes the system took: fewer when its buffer is full, -1 once closed. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  setNoDelay(on: boolean): void;
  /** Sends a FIN and keeps reading; `end` would close both directions. */
  shutdown(): void;
  /** Closes both directions; what was written before is still delivered. */
  close(): void;
}

/** Called for every socket of a listener or dial. */
export interface BunSocketHandlers<T> {
  binaryType: "uint8array";
  open(socket: BunSocket<T>): void;
  data(socket: BunSocket<T>, bytes: Uint8Array): void;
  drain(socket: BunSocket<T>): void;
  /** The peer sent its FIN. */
  end(socket: BunSocket<T>): void;
  /** Nothing more will come of this socket; with an error when it broke. */
  close(socket: BunSocket<T>, error?: Error): void;
  error(socket: BunSocket<T>, error: Error): void;
  connectError?(socket: BunSocket<T>, error: Error): void;
}

/** Options of `Bun.listen` and `Bun.connect`. */
export interface BunSocketOptions<T> {
  hostname: string;
  port: number;
  allowHalfOpen: true;
  socket: BunSocketHandlers<T>;
}

/** The part of the `Bun` global that the adapter calls. */
export interface BunApi {
  readonly version: string;
  listen<T>(
    options: BunSocketOptions<T>,
  ): { readonly hostname: string; readonly port: number; stop(): void };
  connect<T>(options: BunSocketOptions<T>): Promise<BunSocket<T>>;
}

/** The part of `bun:ffi` that the adapter calls. */
export interface BunFfi {
  dlopen(
    library: string,
    symbols: Record<string, { args: readonly string[]; returns: string }>,
  ): { symbols: { lockf: LockCall }; close(): void };
}

/** Bun's global; there is none under Deno. */
export function bunApi(): BunApi {
  return (globalThis as unknown as { Bun: BunApi }).Bun;
}
