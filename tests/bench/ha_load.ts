import { concat, readInt64, viewOf, writeInt64 } from "../../src/base/bytes.ts";
import type { Dir } from "../../src/ports/fs.ts";
import type { Address, Connection, Net } from "../../src/ports/net.ts";

/** What went over one HA connection. */
export interface HaResult {
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

const HEADER_BYTES = 12;
const BODY_BYTES = 32 * 1024;

/** A bare slave: takes the log from `from` until `until` and acknowledges, and keeps nothing. */
export async function haPush(
  net: Net,
  { address, from, until }: { address: Address; from: number; until: number },
): Promise<HaResult> {
  using conn = await net.dial(address, { timeoutMs: 3000 });
  const writer = conn.writable.getWriter();
  const reader = conn.readable.getReader();
  await writer.write(reportOf(from));
  let held: Uint8Array = new Uint8Array(0);
  let position = from;
  let skip = 0; // bytes of a body that are still to come
  let started = 0;
  let first = from;
  while (position < until) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the master closed the connection at ${position}`);
    started ||= performance.now();
    const before = position;
    let chunk = held.length === 0 ? value : concat([held, value]);
    held = new Uint8Array(0);
    for (;;) {
      const gone = Math.min(skip, chunk.length);
      skip -= gone;
      position += gone;
      chunk = chunk.subarray(gone);
      if (chunk.length < HEADER_BYTES) break;
      const view = viewOf(chunk);
      const offset = readInt64(view, 0);
      if (position === from) first = position = offset;
      if (offset !== position) throw new Error(`bytes at ${offset}, they should be at ${position}`);
      skip = view.getInt32(8);
      chunk = chunk.subarray(HEADER_BYTES);
    }
    held = chunk.slice();
    if (position > before) await writer.write(reportOf(position));
  }
  return rate(position - first, started);
}

/** A bare master: serves the log files of a folder to the first slave that comes, until it has them all. */
export async function haIntake(
  net: Net,
  { at, dir, fileBytes, bytes }: { at: Address; dir: Dir; fileBytes: number; bytes: number },
  listening: (address: Address) => void,
): Promise<HaResult> {
  using listener = await net.listen(at);
  listening(listener.address);
  for await (const conn of listener.connections) {
    using _ = conn;
    return await feed(conn, dir, fileBytes, bytes);
  }
  throw new Error("the listener closed before a slave came");
}

async function feed(
  conn: Connection,
  dir: Dir,
  fileBytes: number,
  bytes: number,
): Promise<HaResult> {
  const reader = conn.readable.getReader();
  const writer = conn.writable.getWriter();
  await nextReport(reader);
  const started = performance.now();
  const sent = (async () => {
    for (let at = 0; at < bytes;) {
      using file = dir.open(nameAt(at - at % fileBytes), "read");
      const end = Math.min(bytes, at - at % fileBytes + fileBytes);
      while (at < end) {
        const parts: Uint8Array[] = [];
        for (let i = 0; i < 8 && at < end; i++) {
          const size = Math.min(BODY_BYTES, end - at);
          const frame = new Uint8Array(HEADER_BYTES + size);
          const view = viewOf(frame);
          writeInt64(view, 0, at);
          view.setInt32(8, size);
          file.readAt(at % fileBytes, frame.subarray(HEADER_BYTES));
          parts.push(frame);
          at += size;
        }
        await writer.write(concat(parts));
      }
    }
  })();
  for (let reported = 0; reported < bytes;) reported = await nextReport(reader);
  await sent;
  return rate(bytes, started);
}

let reportBytes: Uint8Array = new Uint8Array(0);

/** The last whole report of what arrives next. */
async function nextReport(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the slave closed the connection");
    reportBytes = concat([reportBytes, value]);
    const whole = reportBytes.length - reportBytes.length % 8;
    if (whole === 0) continue;
    const last = readInt64(viewOf(reportBytes), whole - 8);
    reportBytes = reportBytes.slice(whole);
    return last;
  }
}

function nameAt(offset: number): string {
  return String(offset).padStart(20, "0");
}

function reportOf(offset: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeInt64(viewOf(bytes), 0, offset);
  return bytes;
}

function rate(bytes: number, started: number): HaResult {
  return { bytes, bytesPerSecond: bytes / ((performance.now() - started) / 1000) };
}
