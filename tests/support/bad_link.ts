import type { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../src/ports/net.ts";

/** Which bytes: those to the target, those to whoever dialled, or both. */
export type Way = "up" | "down" | "both";

/**
 * A TCP line to one address that can be cut, held up and slowed down, without looking at what it carries.
 * It dials from a loopback address of its own, so that a master which tells slaves apart by address counts
 * the slaves of several lines as several.
 */
export class BadLink implements AsyncDisposable {
  /** Where to dial instead of the target. */
  readonly address: Address;
  readonly #server: Server;
  readonly #target: Address;
  readonly #from: string | undefined;
  readonly #calls = new Set<Call>();
  readonly #manner: Manner = { held: new Set(), bytesPerMs: Infinity, cutAfter: Infinity };
  #down = false;

  private constructor(server: Server, target: Address, from: string | undefined) {
    this.#server = server;
    this.#target = target;
    this.#from = from;
    this.address = { host: "127.0.0.1", port: (server.address() as { port: number }).port };
    server.on("connection", (near) => this.#accept(near));
  }

  /** Opens a line on a free port of loopback; `from` is the address it dials from. */
  static async open(target: Address, from?: string): Promise<BadLink> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new BadLink(server, target, from);
  }

  /** Connections that somebody dialled and that still stand on his side. */
  get calls(): number {
    let count = 0;
    for (const { isHalf } of this.#calls) if (!isHalf) count++;
    return count;
  }

  /** Ends every connection, for both sides. */
  cut(): void {
    for (const call of this.#calls) call.end();
  }

  /** Ends them after this many more bytes to whoever dialled: in the middle of whatever that is. */
  cutAfter(bytes: number): void {
    this.#manner.cutAfter = bytes;
  }

  /** Ends them for whoever dialled; the target hears nothing, not even that. */
  halve(): void {
    for (const call of this.#calls) call.halve();
  }

  /** Cuts, and ends every new connection at once. */
  down(): void {
    this.#down = true;
    this.cut();
  }

  /** Keeps back what is sent that way, in old and new connections; senders feel it when buffers are full. */
  stall(way: Way): void {
    const { held } = this.#manner;
    if (way !== "down") held.add("up");
    if (way !== "up") held.add("down");
  }

  /** Lets at most this much through, each way. */
  throttle(bytesPerMs: number): void {
    this.#manner.bytesPerMs = bytesPerMs;
  }

  /** All as at the beginning; what was kept back goes on, what was cut stays cut. */
  heal(): void {
    this.#down = false;
    this.#manner.held.clear();
    this.#manner.bytesPerMs = Infinity;
    this.#manner.cutAfter = Infinity;
    for (const call of this.#calls) call.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.down();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    near.on("error", () => {});
    if (this.#down) return void near.destroy();
    const { host, port } = this.#target;
    const far = connect({ host, port, localAddress: this.#from, noDelay: true });
    near.setNoDelay();
    const call = new Call(near, far, this.#manner, () => this.#calls.delete(call));
    this.#calls.add(call);
  }
}

interface Manner {
  readonly held: Set<"up" | "down">;
  bytesPerMs: number;
  /** Of what is sent down, in all connections together. */
  cutAfter: number;
}

/** One connection: two sockets and what goes between them. */
class Call {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #up: Flow;
  readonly #down: Flow;
  readonly #over: () => void;
  isHalf = false;

  constructor(near: Socket, far: Socket, manner: Manner, over: () => void) {
    this.#near = near;
    this.#far = far;
    this.#over = over;
    this.#up = new Flow(near, far, "up", manner, () => this.end());
    this.#down = new Flow(far, near, "down", manner, () => this.end());
    far.on("error", () => {});
    far.on("close", () => this.end());
    near.on("close", () => this.isHalf || this.end());
    far.on("connect", () => near.resume());
  }

  end(): void {
    this.#up.stop();
    this.#down.stop();
    this.#near.destroy();
    this.#far.destroy();
    this.#over();
  }

  halve(): void {
    this.isHalf = true;
    this.#up.stop();
    this.#down.stop();
    this.#far.pause();
    this.#near.destroy();
  }

  heal(): void {
    if (this.isHalf) return this.end();
    this.#up.go();
    this.#down.go();
  }
}

/** Throttled bytes go in pieces that take this long. */
const PIECE_MS = 5;

/** One direction: a chunk is written whole, and has left, before the next one is read. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: "up" | "down";
  readonly #manner: Manner;
  readonly #cut: () => void;
  #chunk: Buffer | undefined;
  #busy = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(from: Socket, to: Socket, way: "up" | "down", manner: Manner, cut: () => void) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#manner = manner;
    this.#cut = cut;
    from.on("data", (chunk: Buffer) => {
      from.pause();
      this.#chunk = chunk;
      this.go();
    });
    from.on("end", () => this.#chunk === undefined && to.end());
  }

  go(): void {
    const { held, bytesPerMs } = this.#manner;
    if (this.#busy || this.#stopped || this.#chunk === undefined || held.has(this.#way)) return;
    const piece = this.#chunk.subarray(0, this.#size(this.#chunk.length));
    const rest = this.#chunk.subarray(piece.length);
    this.#chunk = rest.length > 0 ? rest : undefined;
    this.#busy = true;
    this.#to.write(piece, () => {
      if (this.#way === "down" && (this.#manner.cutAfter -= piece.length) <= 0) {
        this.#manner.cutAfter = Infinity;
        return this.#cut();
      }
      const ms = piece.length / bytesPerMs;
      if (ms < 1) this.#next();
      else this.#timer = setTimeout(() => this.#next(), ms);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #size(length: number): number {
    const { bytesPerMs, cutAfter } = this.#manner;
    const most = this.#way === "down" ? Math.min(length, cutAfter) : length;
    return Math.max(1, Math.min(most, Math.floor(bytesPerMs * PIECE_MS)));
  }

  #next(): void {
    this.#busy = false;
    if (this.#chunk !== undefined) this.go();
    else if (this.#from.readableEnded) this.#to.end();
    else if (!this.#stopped) this.#from.resume();
  }
}
