import { readSync } from "node:fs";
import process from "node:process";
import { isOlder } from "../base/version.ts";
import type { Address, Connection, Listener, Net, NetError } from "../ports/net.ts";
import type { Runtime, Terminal } from "../ports/host.ts";
import { bunApi, type BunFfi, type BunSocket, type BunSocketHandlers } from "./bun_api.ts";
import { dialWithin } from "./dialing.ts";
import { loadLibc, type LockCall, nodeFs } from "./files.ts";
import { addresses, bootId, clock, codecs, memory, random, unservedMs } from "./host.ts";
import { READ_BYTES_MAX, ReadBuffers } from "./read_buffers.ts";
import { broken, closedHere, netError } from "./net_errors.ts";
import { processTerminal } from "./terminal.ts";

/** Sockets of earlier ones lose bytes when they are paused. */
const BUN_VERSION_MIN = "1.4";

/**
 * Everything the core asks of a runtime, given by Bun.
 * @throws {Error} when this Bun is too old.
 */
export function bunRuntime(): Runtime {
  const { version } = bunApi();
  if (isOlder(version, BUN_VERSION_MIN)) {
    throw new Error(`Bun ${version} is too old, it must be ${BUN_VERSION_MIN} or newer`);
  }
  return {
    name: "bun",
    version,
    net,
    fs: nodeFs(lockf),
    clock,
    codecs,
    processId: process.pid,
    bootId: bootId(),
    random,
    addresses,
    memory,
    unservedMs,
  };
}

/** The process Bun runs us in, also as a compiled executable. */
export function bunTerminal(): Terminal {
  return processTerminal(process.argv.slice(2));
}

const net: Net = {
  async dial(to, options) {
    const socket = await dialWithin(to, options, () =>
      bunApi().connect({
        hostname: to.host,
        port: to.port,
        allowHalfOpen: true,
        socket: handlers(() => {}),
      }), (late) => late.close());
    return socket.data;
  },
  // deno-lint-ignore require-await -- a failure must be a rejection
  async listen(at) {
    try {
      return new BunListener(at);
    } catch (error) {
      throw netError("listen on", at, error);
    }
  },
};

function handlers(opened: (connection: BunConnection) => void): BunSocketHandlers<BunConnection> {
  return {
    binaryType: "uint8array",
    open(socket) {
      socket.data = new BunConnection(socket);
      opened(socket.data);
    },
    data: (socket, bytes) => socket.data.received(bytes),
    drain: (socket) => socket.data.drained(),
    end: (socket) => socket.data.ended(),
    close: (socket, error) => socket.data?.gone(error),
    error(socket, error) { // one of these handlers threw
      socket.data?.gone(error);
      socket.close();
    },
    connectError() {}, // the dial rejects as well
  };
}

class BunListener implements Listener {
  readonly address: Address;
  readonly connections: AsyncIterable<Connection>;
  readonly #server: { stop(): void };
  #arrived: BunConnection[] = []; // not taken yet; descriptors bound it
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(at: Address) {
    const server = bunApi().listen({
      hostname: at.host,
      port: at.port,
      allowHalfOpen: true,
      socket: handlers((connection) => {
        this.#arrived.push(connection);
        this.#wake?.();
      }),
    });
    this.#server = server;
    this.address = { host: server.hostname, port: server.port };
    this.connections = { [Symbol.asyncIterator]: () => this.#accepted() };
  }

  async *#accepted(): AsyncIterator<Connection> {
    while (!this.#closed) {
      const arrived = this.#arrived;
      this.#arrived = [];
      for (const connection of arrived) {
        if (this.#closed) connection.close();
        else yield connection;
      }
      if (this.#arrived.length === 0 && !this.#closed) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.stop();
    for (const connection of this.#arrived) connection.close();
    this.#arrived = [];
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Bun pushes what it reads; above this the socket is paused until the reader has caught up. */
const UNREAD_BYTES_MAX = 256 * 1024;
/** A read that brings less has emptied the socket, or nearly. */
const BULK_BYTES = 64 * 1024;

/**
 * A socket of Bun. It copies whatever it reads into a fresh buffer, which for half a megabyte at a time costs
 * more than the read itself. So from a peer that sends in bulk to a reader that gives its chunks back we read
 * by ourselves, once a turn into the same few buffers, and the socket is paused meanwhile.
 */
class BunConnection implements Connection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: BunSocket<BunConnection>;
  #reading!: ReadableStreamDefaultController<Uint8Array>;
  #writing!: WritableStreamDefaultController;
  #paused = false;
  #bulk = false; // paused, and we read
  #scheduled = false; // such a read
  #buffers: ReadBuffers | undefined; // once a chunk was given back
  #unsent: { bytes: Uint8Array; resolve(): void; reject(error: Error): void } | undefined;
  #readEnded = false;
  #writeEnded = false;
  #closed = false;

  constructor(socket: BunSocket<BunConnection>) {
    this.#socket = socket;
    this.local = { host: hostOf(socket.localAddress), port: socket.localPort };
    this.remote = { host: hostOf(socket.remoteAddress), port: socket.remotePort };
    socket.setNoDelay(true);
    this.readable = new ReadableStream({
      start: (controller) => void (this.#reading = controller),
      pull: () => this.#resume(),
      cancel: () => this.#cancelled(),
    }, { highWaterMark: UNREAD_BYTES_MAX, size: (bytes) => bytes.byteLength });
    this.writable = new WritableStream({
      start: (controller) => void (this.#writing = controller),
      write: (chunk) => this.#write(chunk),
      close: () => this.#endWriting(),
      abort: () => this.close(),
    });
  }

  received(bytes: Uint8Array): void {
    if (this.#readEnded) return;
    if (this.#buffers && bytes.length >= READ_BYTES_MAX && !this.#paused) {
      this.#bulk = true;
      this.#pause();
    }
    this.#reading.enqueue(bytes);
    if (!this.#paused && this.#reading.desiredSize! <= 0) this.#pause();
  }

  recycle(chunk: Uint8Array): void {
    this.#buffers ??= new ReadBuffers();
    this.#buffers.giveBack(chunk);
  }

  /** Whatever is no plain read of bytes is left to the socket. */
  readonly #readBulk = (): void => {
    this.#scheduled = false;
    if (this.#readEnded || this.#reading.desiredSize! <= 0) return;
    const into = this.#buffers!.take();
    let count = 0;
    try {
      count = readSync(this.#socket.fd, into, 0, into.length, null);
    } catch {
      // nothing there, or the connection broke
    }
    if (count < BULK_BYTES) {
      this.#bulk = false;
      if (this.#reading.desiredSize! > count) this.#resume();
    }
    if (count > 0) this.#reading.enqueue(into.subarray(0, count));
    else this.#buffers!.giveBack(into);
  };

  /** Nothing to await when the system takes it all, which it nearly always does. */
  #write(chunk: Uint8Array): void | Promise<void> {
    const count = this.#socket.write(chunk);
    if (count === chunk.length) return;
    if (count < 0) throw this.#closed ? closedHere(this.remote) : broken(this.remote, undefined);
    return new Promise((resolve, reject) => {
      this.#unsent = { bytes: chunk.subarray(count), resolve, reject };
    });
  }

  drained(): void {
    const unsent = this.#unsent;
    if (!unsent) return;
    const count = this.#socket.write(unsent.bytes);
    if (count < 0) return; // `gone` follows
    unsent.bytes = unsent.bytes.subarray(count);
    if (unsent.bytes.length > 0) return;
    this.#unsent = undefined;
    unsent.resolve();
  }

  /** The peer sent its FIN, and we have read everything before it. */
  ended(): void {
    this.#endReading();
    if (this.#writeEnded) this.close();
  }

  /** The socket is closed. Without an error that is the peer's FIN when ours was sent before. */
  gone(error?: Error): void {
    if (this.#closed) return;
    if (!error && this.#writeEnded) return this.close();
    const reason = broken(this.remote, error);
    if (!this.#readEnded) {
      this.#readEnded = true;
      this.#reading.error(reason);
    }
    this.#shut(reason);
  }

  close(): void {
    if (this.#closed) return;
    this.#endReading();
    this.#shut(closedHere(this.remote));
    this.#socket.close();
  }

  #shut(reason: NetError): void {
    this.#closed = true;
    this.#unsent?.reject(reason);
    this.#unsent = undefined;
    this.#writing.error(reason);
  }

  #endReading(): void {
    if (this.#readEnded) return;
    this.#readEnded = true;
    this.#reading.close();
  }

  #endWriting(): void {
    this.#writeEnded = true;
    if (this.#readEnded) this.close();
    else this.#socket.shutdown();
  }

  #cancelled(): void {
    this.#readEnded = true;
    if (this.#writeEnded) this.close();
    else if (!this.#paused) this.#pause(); // what nobody wants stays with the peer
  }

  #pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#scheduled) return;
    if (this.#bulk) {
      this.#scheduled = true;
      clock.soon(this.#readBulk); // others get their turn between two reads
      return;
    }
    this.#paused = false;
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function hostOf(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, ""); // IPv4 on an IPv6 socket
}

/** `lockf` of the C library, loaded for the call: a node locks once in its life. */
const lockf: LockCall = (fd, command, length) => {
  // no import: the bundler that makes the file for Deno does not know the module
  const builtin = process.getBuiltinModule as unknown as (name: string) => BunFfi;
  const libc = loadLibc((library) =>
    builtin("bun:ffi").dlopen(library, { lockf: { args: ["i32", "i32", "i64"], returns: "i32" } })
  );
  try {
    return libc.symbols.lockf(fd, command, length);
  } finally {
    libc.close();
  }
};
