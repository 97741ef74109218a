import { ByteQueue } from "../../src/base/bytes.ts";
import { decodeTransfers, encodeReport } from "../../src/ha/frames.ts";
import type { Address, Connection, Net } from "../../src/ports/net.ts";
import type { ColdLog } from "./cold_log.ts";
import { cpuSecondsOf } from "./cpu.ts";

/** What went over one HA connection in the timed part. */
export interface HaResult {
  readonly bytes: number;
  readonly seconds: number;
  /** Of the process that is measured. */
  readonly cpuSeconds: number;
}

/** A broker process that is measured. */
export interface Measurable {
  readonly pid: number;
  readonly broker: Address;
  readonly ha: Address;
  /** From its start until it served. */
  readonly startMs: number;
  /** Where its log ends and how much of it its queues do not know yet, by its own word. */
  behind(): Promise<{ bytes: number; end: number }>;
  stop(): Promise<unknown>;
}

/** A bare slave: takes the log of a master from `from` to `until`, acknowledges, and keeps nothing. */
export async function takeLog(
  net: Net,
  master: Pick<Measurable, "pid" | "ha">,
  { from, until }: { from: number; until: number },
): Promise<HaResult> {
  using conn = await net.dial(master.ha, { timeoutMs: 3000 });
  const writer = conn.writable.getWriter();
  const decoder = decodeTransfers((chunk) => conn.recycle?.(chunk));
  const transfers = conn.readable.pipeThrough(decoder).getReader();
  await writer.write(encodeReport(from));
  let at = from;
  let start: { at: number; time: number; cpu: number } | undefined;
  while (at < until) {
    const { value: batch, done } = await transfers.read();
    if (done) throw new Error(`the master closed the connection at ${at}`);
    for (const { logOffset, body } of batch) {
      if (logOffset !== at) throw new Error(`bytes at ${logOffset}, they should be at ${at}`);
      at += body.length;
    }
    start ??= { at, time: performance.now(), cpu: cpuSecondsOf(master.pid) };
    if (batch.length > 0) await writer.write(encodeReport(at));
  }
  return {
    bytes: at - start!.at,
    seconds: (performance.now() - start!.time) / 1000,
    cpuSeconds: cpuSecondsOf(master.pid) - start!.cpu,
  };
}

/** A write to the socket takes this much of the log at most. */
const WRITE_BYTES = 1024 * 1024;
const ASK_EVERY_MS = 10;

/**
 * Plays a master for one slave: `start` makes it with the port to follow. It is fed the first `warmBytes` of
 * the log untimed (a JVM compiles meanwhile), and the rest as fast as it takes them, until it reported the end
 * and knows every record in its queues.
 */
export async function feedSlave(
  net: Net,
  log: ColdLog,
  warmBytes: number,
  start: (ha: Address) => Promise<Measurable>,
): Promise<HaResult> {
  using listener = await net.listen({ host: "127.0.0.1", port: 0 });
  const first = listener.connections[Symbol.asyncIterator]().next();
  const slave = await start(listener.address);
  try {
    using conn = (await first).value as Connection;
    return await feed(conn, log, warmBytes, slave);
  } finally {
    await slave.stop();
  }
}

async function feed(
  conn: Connection,
  log: ColdLog,
  warmBytes: number,
  slave: Measurable,
): Promise<HaResult> {
  const reports = new Reports(conn.readable.getReader());
  const writer = conn.writable.getWriter();
  const told = await reports.next();
  if (told > 1) throw new Error(`the slave reports ${told}, it should be empty`);
  await push(writer, log, 0, warmBytes);
  await reports.reach(warmBytes);
  await dispatched(slave, warmBytes);
  const cpuBefore = cpuSecondsOf(slave.pid);
  const started = performance.now();
  const pushed = push(writer, log, warmBytes, log.bytes);
  await reports.reach(log.bytes);
  await pushed;
  await dispatched(slave, log.bytes);
  return {
    bytes: log.bytes - warmBytes,
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: cpuSecondsOf(slave.pid) - cpuBefore,
  };
}

async function push(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  log: ColdLog,
  from: number,
  to: number,
): Promise<void> {
  const end = log.frameEnd(to);
  for (let at = log.frameEnd(from); at < end; at += WRITE_BYTES) {
    await writer.write(log.frames.subarray(at, Math.min(end, at + WRITE_BYTES)));
  }
}

async function dispatched(slave: Measurable, end: number): Promise<void> {
  for (;;) {
    const now = await slave.behind();
    const cut = end % 1024 === 0 ? 32 * 1024 : 0; // a record that was cut in two waits for its rest
    if (now.end >= end && now.bytes <= cut) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** What the slave says of its log's end. */
class Reports {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #bytes = new ByteQueue();

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  /** The last whole report of what comes next. */
  async next(): Promise<number> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the slave closed the connection");
      this.#bytes.push(value);
      if (this.#bytes.length < 8) continue;
      this.#bytes.take(Math.floor(this.#bytes.length / 8) * 8 - 8);
      const report = this.#bytes.peekInt32(0) * 4294967296 + (this.#bytes.peekInt32(4) >>> 0);
      this.#bytes.take(8);
      return report;
    }
  }

  async reach(logOffset: number): Promise<void> {
    while (await this.next() < logOffset);
  }
}
