import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Net } from "../ports/net.ts";
import type { Command, HeaderForm, Request } from "../wire/command.ts";
import { parseAddress } from "../wire/host_address.ts";
import { CallError, Peer, type Served } from "./peer.ts";

const DIAL_MS = 3_000;
/** After a failed dial nobody tries that address again for this long, doubling up to the second. */
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2_000;

interface Line {
  peer: Peer | undefined;
  dialling: Promise<Peer> | undefined;
  pauseMs: number;
  notBefore: number; // monotonic
  lastFailure: string;
}

/** One peer an address, dialled when it is first asked for and again after it broke. */
export class Redial {
  readonly #net: Net;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #served: Served | undefined;
  readonly #form: HeaderForm;
  readonly #lines = new Map<string, Line>();
  readonly #stop = new AbortController();

  constructor(
    { net, clock }: { net: Net; clock: Clock },
    log: Log,
    served?: Served,
    form: HeaderForm = "json",
  ) {
    this.#net = net;
    this.#clock = clock;
    this.#log = log;
    this.#served = served;
    this.#form = form;
  }

  /** The open connection to `host:port`, or a new one. @throws {CallError} kind "unreachable". */
  peer(address: string): Promise<Peer> {
    const line = this.#line(address);
    if (line.peer && !line.peer.closed) return Promise.resolve(line.peer);
    line.dialling ??= this.#dial(address, line).finally(() => line.dialling = undefined);
    return line.dialling;
  }

  /** True while there is an open connection to `host:port`. */
  connected(address: string): boolean {
    return this.#lines.get(address)?.peer?.closed === false;
  }

  /** True while `host:port` is not dialled, since that failed a moment ago. */
  rests(address: string): boolean {
    return this.#clock.monotonic() < (this.#lines.get(address)?.notBefore ?? -Infinity);
  }

  /** Resolves when `host:port` may be dialled again, 2 s from now at the latest, or all is closed. */
  rested(address: string): Promise<void> {
    const left = (this.#lines.get(address)?.notBefore ?? -Infinity) - this.#clock.monotonic();
    return left > 0 ? sleep(this.#clock, left, this.#stop.signal) : Promise.resolve();
  }

  /** Asks the peer at `host:port`. @throws {CallError} */
  async call(address: string, request: Request, timeoutMs: number): Promise<Command> {
    return await (await this.peer(address)).call(request, timeoutMs);
  }

  /** Sends a one-way request to `host:port`. @throws {CallError} kind "unreachable". */
  async tell(address: string, request: Request): Promise<void> {
    (await this.peer(address)).tell(request);
  }

  /** Ends the connection to `host:port`, if there is one. */
  hangUp(address: string): void {
    this.#lines.get(address)?.peer?.close();
    this.#lines.delete(address);
  }

  /** Ends all connections; dials under way are given up. */
  close(): void {
    this.#stop.abort();
    for (const line of this.#lines.values()) line.peer?.close();
    this.#lines.clear();
  }

  async #dial(address: string, line: Line): Promise<Peer> {
    const to = parseAddress(address);
    if (to === undefined) {
      throw new CallError("unreachable", `"${address}" is no address, it must be host:port`);
    }
    if (this.#stop.signal.aborted) throw closedError(address);
    if (this.#clock.monotonic() < line.notBefore) {
      throw new CallError("unreachable", line.lastFailure);
    }
    try {
      const conn = await this.#net.dial(to, { timeoutMs: DIAL_MS, signal: this.#stop.signal });
      if (this.#stop.signal.aborted || this.#lines.get(address) !== line) {
        conn.close(); // hung up meanwhile: nobody else would close it
        throw closedError(address);
      }
      line.peer = new Peer(conn, this.#served, {
        clock: this.#clock,
        log: this.#log,
        form: this.#form,
      });
      line.pauseMs = PAUSE_MS_MIN;
      return line.peer;
    } catch (error) {
      if (error instanceof CallError) throw error;
      if (this.#stop.signal.aborted) throw closedError(address);
      line.lastFailure = reasonOf(error);
      line.notBefore = this.#clock.monotonic() + line.pauseMs;
      line.pauseMs = Math.min(PAUSE_MS_MAX, 2 * line.pauseMs);
      throw new CallError("unreachable", line.lastFailure, { cause: error });
    }
  }

  #line(address: string): Line {
    let line = this.#lines.get(address);
    if (line === undefined) {
      line = {
        peer: undefined,
        dialling: undefined,
        pauseMs: PAUSE_MS_MIN,
        notBefore: -Infinity,
        lastFailure: "",
      };
      this.#lines.set(address, line);
    }
    return line;
  }
}

function closedError(address: string): CallError {
  return new CallError("closed", `not dialling ${address}: closed`);
}
