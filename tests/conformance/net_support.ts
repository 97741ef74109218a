import type { Connection } from "../../src/ports/net.ts";
import { runtime } from "../support/runtime.ts";

/** Both ends of one connection over loopback. */
export interface Pair extends Disposable {
  readonly near: Connection;
  readonly far: Connection;
}

/** Dials a listener of its own; both ends close with the block. */
export async function pair(): Promise<Pair> {
  using listener = await runtime.net.listen({ host: "127.0.0.1", port: 0 });
  const accepted = first(listener.connections);
  const near = await runtime.net.dial(listener.address, { timeoutMs: 5_000 });
  const far = await accepted;
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

/** The first that comes. */
export async function first<T>(many: AsyncIterable<T>): Promise<T> {
  for await (const one of many) return one;
  throw new Error("ended before the first came");
}

/** Reads until `bytes` have come, or the end; joins what came. */
export async function take(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bytes: number,
): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  while (at < bytes) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, at);
    whole.set(value, at);
    at += value.length;
  }
  return whole;
}

/** What became of a promise after a while. */
export async function outcome(promise: Promise<unknown>, ms = 5_000): Promise<string> {
  let cancel = () => {};
  const late = new Promise<string>((resolve) => {
    cancel = runtime.clock.after(ms, () => resolve("pending"));
  });
  const settled = promise.then(
    (value) => (value as { done?: boolean } | undefined)?.done ? "ended" : "done",
    () => "failed",
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    cancel();
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => runtime.clock.after(ms, resolve));
}

/** Bytes that say where in a stream they are: byte `i` of the stream is a mix of the bits of `i`. */
export function patternAt(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const at = offset + i;
    bytes[i] = at ^ (at >>> 8) ^ (at >>> 16);
  }
  return bytes;
}
