import {
  type Address,
  type Connection,
  type Listener,
  type Net,
  NetError,
} from "../../src/ports/net.ts";
import type { Clock } from "../../src/ports/host.ts";

/** How a direction of a connection behaves; tests set it when a link is made, or later. */
export interface PipeManner {
  /** Bytes that still get through; then the whole connection breaks. */
  cutAfter: number;
  /** Size of each chunk the reader gets, at most; called for each. */
  chunkBytes: () => number;
  /** Time a byte is under way. */
  delayMs: number;
  /** Bytes that get through in a millisecond. */
  bytesPerMs: number;
  /** What a writer may have under way before it waits. */
  capacityBytes: number;
  /** True: nothing gets through, nothing breaks, as when a cable was pulled. */
  stalled: boolean;
}

interface Piece {
  bytes: Uint8Array;
  readonly due: number;
}

/** One direction of a connection. */
export class Pipe {
  readonly manner: PipeManner = {
    cutAfter: Infinity,
    chunkBytes: () => 65536,
    delayMs: 0,
    bytesPerMs: Infinity,
    capacityBytes: 256 * 1024,
    stalled: false,
  };
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Called when `cutAfter` bytes were through. */
  onCut: () => void = () => {};
  /** Bytes that were given to the reader. */
  through = 0;
  readonly #clock: Clock;
  #pieces: Piece[] = [];
  #under = 0; // bytes in `pieces`
  #ended = false;
  #broken: Error | undefined;
  #closedHere = false; // the reader's own side closed
  #nextAt = 0; // when the next chunk may arrive on a slow link
  #wakeReader = () => {};
  #wakeWriter = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.readable = new ReadableStream<Uint8Array>({
      pull: (out) => this.#give(out),
      cancel: () => this.breakOff(new NetError("other", "nobody reads any more")),
    }, { highWaterMark: 0 });
    this.writable = new WritableStream<Uint8Array>({
      write: (bytes) => this.#take(bytes),
      close: () => this.end(),
      abort: () => this.end(),
    });
  }

  /** No more bytes will come; what is under way still arrives. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Reads fail once what had arrived was read, writes fail at once. */
  breakOff(error: Error): void {
    this.#broken ??= error;
    this.#wake();
  }

  /** The reader closed: its reads end, writes of the other side fail. */
  closeReader(): void {
    this.#closedHere = true;
    this.breakOff(new NetError("other", "the connection was closed"));
  }

  /** Looks at the manner again, after a test changed it. */
  changed(): void {
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader();
    this.#wakeWriter();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    if (this.#broken) throw this.#broken;
    this.#pieces.push({ bytes: bytes.slice(), due: this.#clock.monotonic() + this.manner.delayMs });
    this.#under += bytes.length;
    this.#wakeReader();
    while (this.#under > this.manner.capacityBytes) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
      if (this.#broken) throw this.#broken;
    }
  }

  async #give(out: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      if (this.#closedHere) return out.close();
      if (this.through >= this.manner.cutAfter) this.onCut();
      const waitMs = this.#waitMs();
      if (waitMs === 0) return out.enqueue(this.#next());
      if (this.#broken && !(waitMs < Infinity)) throw this.#broken;
      if (this.#ended && this.#pieces.length === 0) return out.close();
      let cancel = () => {};
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
        if (waitMs < Infinity) cancel = this.#clock.after(waitMs, resolve);
      });
      cancel();
    }
  }

  #waitMs(): number {
    if (this.manner.stalled || this.#pieces.length === 0) return Infinity;
    if (this.through >= this.manner.cutAfter) return Infinity;
    return Math.max(0, Math.max(this.#pieces[0].due, this.#nextAt) - this.#clock.monotonic());
  }

  #next(): Uint8Array {
    const most = Math.min(
      Math.max(1, this.manner.chunkBytes()),
      this.manner.cutAfter - this.through,
      Math.max(1, this.manner.bytesPerMs * 20),
    );
    const parts: Uint8Array[] = [];
    let length = 0;
    const now = this.#clock.monotonic();
    while (length < most && this.#pieces.length > 0 && this.#pieces[0].due <= now) {
      const first = this.#pieces[0];
      const part = first.bytes.subarray(0, most - length);
      parts.push(part);
      length += part.length;
      if (part.length === first.bytes.length) this.#pieces.shift();
      else first.bytes = first.bytes.subarray(part.length);
    }
    this.#nextAt = now + (this.manner.bytesPerMs < Infinity ? length / this.manner.bytesPerMs : 0);
    this.through += length;
    this.#under -= length;
    this.#wakeWriter();
    const chunk = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      chunk.set(part, at);
      at += part.length;
    }
    return chunk;
  }
}

/** A connection seen from outside, for tests that spoil it. */
export interface Link {
  readonly dialer: Connection;
  readonly acceptor: Connection;
  readonly toDialer: Pipe;
  readonly toAcceptor: Pipe;
  /** Breaks both directions, as a reset does. */
  cut(): void;
  /** Nothing gets through in either direction from now on, or does again. */
  stall(stalled: boolean): void;
}

/** A pair of connected ends. */
export function memLink(clock: Clock, dialerAt: Address, acceptorAt: Address): Link {
  const toDialer = new Pipe(clock);
  const toAcceptor = new Pipe(clock);
  const cut = () => {
    const error = new NetError("other", "the connection broke");
    toDialer.breakOff(error);
    toAcceptor.breakOff(error);
  };
  toDialer.onCut = cut;
  toAcceptor.onCut = cut;
  return {
    dialer: end(toDialer, toAcceptor, dialerAt, acceptorAt),
    acceptor: end(toAcceptor, toDialer, acceptorAt, dialerAt),
    toDialer,
    toAcceptor,
    cut,
    stall(stalled) {
      for (const pipe of [toDialer, toAcceptor]) {
        pipe.manner.stalled = stalled;
        pipe.changed();
      }
    },
  };
}

function end(input: Pipe, output: Pipe, local: Address, remote: Address): Connection {
  const close = () => {
    input.closeReader();
    output.end();
  };
  return {
    readable: input.readable,
    writable: output.writable,
    local,
    remote,
    recycle: (chunk) => void chunk.fill(0xee), // a reader that looks at it again shall notice
    close,
    [Symbol.dispose]: close,
  };
}

/** Hosts that can dial each other, in memory. */
export class MemNet {
  readonly #clock: Clock;
  readonly #listeners = new Map<string, (conn: Connection) => void>();
  #nextPort = 40000;
  /** Every link made so far. */
  readonly links: Link[] = [];
  /** Called for each new link before anything goes over it. */
  onLink: (link: Link) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The net as one host sees it. */
  host(name: string): Net {
    return {
      dial: (to, options) => this.#dial(name, to, options.signal),
      listen: (at) => this.#listen({ host: name, port: at.port || this.#nextPort++ }),
    };
  }

  // deno-lint-ignore require-await -- fails as the port says: by rejecting
  async #dial(from: string, to: Address, signal?: AbortSignal): Promise<Connection> {
    if (signal?.aborted) throw new NetError("other", "the dial was given up");
    const accept = this.#listeners.get(`${to.host}:${to.port}`);
    if (accept === undefined) {
      throw new NetError("refused", `cannot reach ${to.host}:${to.port}: nobody listens there`);
    }
    const link = memLink(this.#clock, { host: from, port: this.#nextPort++ }, to);
    this.links.push(link);
    this.onLink(link);
    accept(link.acceptor);
    return link.dialer;
  }

  // deno-lint-ignore require-await -- fails as the port says: by rejecting
  async #listen(at: Address): Promise<Listener> {
    const name = `${at.host}:${at.port}`;
    if (this.#listeners.has(name)) throw new NetError("in-use", `${name} is taken`);
    let out!: ReadableStreamDefaultController<Connection>;
    const connections = new ReadableStream<Connection>({
      start: (controller) => void (out = controller),
    });
    this.#listeners.set(name, (conn) => out.enqueue(conn));
    const close = () => {
      if (this.#listeners.delete(name)) out.close();
    };
    return { address: at, connections, close, [Symbol.dispose]: close };
  }
}
