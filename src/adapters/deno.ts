import type { Address, Connection, Listener, Net, NetError } from "../ports/net.ts";
import type { Runtime, Terminal } from "../ports/host.ts";
import { dialWithin } from "./dialing.ts";
import { loadLibc, type LockCall, nodeFs } from "./files.ts";
import { addresses, bootId, clock, codecs, memory, random, unservedMs } from "./host.ts";
import { READ_BYTES_MAX, ReadBuffers } from "./read_buffers.ts";
import { broken, closedHere, netError } from "./net_errors.ts";
import { processTerminal } from "./terminal.ts";

/** Everything the core asks of a runtime, given by Deno. */
export function denoRuntime(): Runtime {
  return {
    name: "deno",
    version: Deno.version.deno,
    net,
    fs: nodeFs(lockf),
    clock,
    codecs,
    processId: Deno.pid,
    bootId: bootId(),
    random,
    addresses,
    memory,
    unservedMs,
  };
}

/** The process Deno runs us in. */
export function denoTerminal(): Terminal {
  return processTerminal(Deno.args);
}

const net: Net = {
  async dial(to, options) {
    const conn = await dialWithin(
      to,
      options,
      (signal) => Deno.connect({ hostname: to.host, port: to.port, signal }),
      (late) => late.close(),
    );
    return new DenoConnection(conn);
  },
  // deno-lint-ignore require-await -- a failure must be a rejection
  async listen(at) {
    try {
      return new DenoListener(Deno.listen({ hostname: at.host, port: at.port }));
    } catch (error) {
      throw netError("listen on", at, error);
    }
  },
};

/** When accepting fails (no descriptors left), wait that long before the next try. */
const ACCEPT_RETRY_MS = 50;

class DenoListener implements Listener {
  readonly address: Address;
  readonly connections: AsyncIterable<Connection>;
  readonly #listener: Deno.TcpListener;
  #closed = false;

  constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    this.address = addressOf(listener.addr);
    this.connections = { [Symbol.asyncIterator]: () => this.#accepted() };
  }

  async *#accepted(): AsyncIterator<Connection> {
    while (!this.#closed) {
      const conn = await this.#listener.accept().catch(() => undefined);
      if (conn) yield new DenoConnection(conn);
      else if (!this.#closed) await new Promise<void>((on) => clock.after(ACCEPT_RETRY_MS, on));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Room for one read: small for a quiet connection, doubled each time a read fills it. */
const SLAB_BYTES_MIN = 16 * 1024;
const SLAB_BYTES_MAX = 1024 * 1024;

/**
 * A socket through `read` and `write`, not Deno's own streams: those allocate 64 KiB for every read, and
 * that costs more than the read itself. Chunks are cut off a slab instead, or lie in the same few buffers
 * for a reader that gives them back.
 */
class DenoConnection implements Connection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  readonly #conn: Deno.TcpConn;
  #reading!: ReadableStreamDefaultController<Uint8Array>;
  #writing!: WritableStreamDefaultController;
  #slab = new Uint8Array(SLAB_BYTES_MIN);
  #at = 0; // the slab is used up to here
  #buffers: ReadBuffers | undefined; // once a chunk was given back
  #readEnded = false;
  #writeEnded = false;
  #closed = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.local = addressOf(conn.localAddr);
    this.remote = addressOf(conn.remoteAddr);
    try {
      conn.setNoDelay(true);
    } catch {
      // already reset by the peer: the first read says so
    }
    this.readable = new ReadableStream({
      start: (controller) => void (this.#reading = controller),
      pull: () => this.#read(),
      cancel: () => this.#endReading(),
    }, { highWaterMark: 0 }); // reads only when asked: what has piled up by then comes as one chunk
    this.writable = new WritableStream({
      start: (controller) => void (this.#writing = controller),
      write: (chunk) => this.#write(chunk),
      close: () => this.#endWriting(),
      abort: () => this.close(),
    });
  }

  #read(): Promise<void> {
    if (this.#buffers) return this.#readInto(this.#buffers.take());
    if (this.#slab.length - this.#at < this.#slab.length / 4) this.#newSlab(this.#slab.length);
    return this.#readInto(this.#slab.subarray(this.#at, this.#at + READ_BYTES_MAX));
  }

  #readInto(space: Uint8Array): Promise<void> {
    return this.#conn.read(space).then((count) => {
      if (this.#readEnded) return;
      if (count === null) return this.#endReading();
      this.#reading.enqueue(space.subarray(0, count));
      if (space.buffer !== this.#slab.buffer) return;
      this.#at += count;
      if (count === space.length) this.#newSlab(Math.min(2 * this.#slab.length, SLAB_BYTES_MAX));
    }, (error) => this.#fail(error));
  }

  recycle(chunk: Uint8Array): void {
    this.#buffers ??= new ReadBuffers();
    this.#buffers.giveBack(chunk);
  }

  #newSlab(bytes: number): void {
    this.#slab = new Uint8Array(bytes);
    this.#at = 0;
  }

  #write(chunk: Uint8Array): Promise<void> {
    return this.#conn.write(chunk).then((count) => {
      if (count < chunk.length) return this.#write(chunk.subarray(count));
    }, (error) => {
      throw this.#closed ? closedHere(this.remote) : broken(this.remote, error);
    });
  }

  #endReading(): void {
    if (!this.#readEnded) {
      this.#readEnded = true;
      settle(() => this.#reading.close());
    }
    if (this.#writeEnded) this.close();
  }

  async #endWriting(): Promise<void> {
    this.#writeEnded = true;
    await this.#conn.closeWrite().catch(() => {}); // gone already: the readable says so
    if (this.#readEnded) this.close();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const reason = broken(this.remote, error);
    this.#readEnded = true;
    settle(() => this.#reading.error(reason));
    this.#shut(reason);
  }

  close(): void {
    if (this.#closed) return;
    this.#readEnded = true;
    settle(() => this.#reading.close());
    this.#shut(closedHere(this.remote));
  }

  #shut(reason: NetError): void {
    this.#closed = true;
    this.#conn.close(); // interrupts a pending read and a pending write
    this.#writing.error(reason);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A stream that was closed or cancelled before refuses; then there is nothing left to do. */
function settle(end: () => void): void {
  try {
    end();
  } catch {
    // ended already
  }
}

function addressOf(addr: Deno.Addr): Address {
  const { hostname, port } = addr as Deno.NetAddr;
  return { host: hostname.replace(/^::ffff:(?=\d+\.)/, ""), port }; // IPv4 on an IPv6 socket
}

/** `lockf` of the C library, loaded for the call: a node locks once in its life. */
const lockf: LockCall = (fd, command, length) => {
  const libc = loadLibc((library) =>
    Deno.dlopen(library, { lockf: { parameters: ["i32", "i32", "i64"], result: "i32" } })
  );
  try {
    return libc.symbols.lockf(fd, command, BigInt(length));
  } finally {
    libc.close();
  }
};
