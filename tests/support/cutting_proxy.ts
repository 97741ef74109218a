import { createServer, type Server, type Socket } from "node:net";
import { connect } from "node:net";
import type { Address } from "../../src/ports/net.ts";
import { type Place, type Seen, TransferTrack } from "./transfer_track.ts";

export type { Place, Seen } from "./transfer_track.ts";

/** One slave's connection through the proxy. */
export interface Link {
  /** What the slave said first, once it did. */
  readonly firstReport: number | undefined;
  readonly lastReport: number | undefined;
  readonly reports: number;
  /** What the master sent and the slave got. */
  readonly seen: Seen;
  readonly open: boolean;
}

/** What is done at a place: the connection ends behind that byte, or stays open and nothing comes any more. */
export type Then = "cut" | "hold";

/**
 * Stands between slaves and a master's HA port and breaks the stream behind an exact byte. The slave gets
 * every byte before it and then the end of the stream; the master gets a reset. Later connections pass.
 */
export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #links: ProxiedLink[] = [];
  readonly #fileBytes: number;
  #plan: Plan | undefined;
  /** The master's HA port; the next connection goes where it then points. */
  master: Address;

  constructor(server: Server, master: Address, fileBytes: number) {
    this.#server = server;
    this.#fileBytes = fileBytes;
    this.master = master;
    server.on("connection", (slave) => this.#join(slave));
  }

  /** Listens on a free port of loopback. `fileBytes` is the size of the master's log files. */
  static start(master: Address, fileBytes: number): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(
        0,
        "127.0.0.1",
        () => resolve(new CuttingProxy(server, master, fileBytes)),
      );
    });
  }

  get address(): Address {
    const { port } = this.#server.address() as { port: number };
    return { host: "127.0.0.1", port };
  }

  /** Every connection a slave made so far that reached the master, in order. */
  get links(): readonly Link[] {
    return this.#links;
  }

  /** Breaks the stream once, at that place; gives the link when it happened. */
  breakAt(place: Place, then: Then = "cut"): Promise<Link> {
    return new Promise((reached) => {
      this.#plan = { place, then, reached };
      for (const link of this.#links) if (link.open) link.seek(place);
    });
  }

  #join(slave: Socket): void {
    slave.on("error", () => {}); // a killed slave resets
    const master = connect({ ...this.master, noDelay: true });
    master.once("error", () => slave.destroy());
    slave.once("close", () => master.destroy());
    master.once("connect", () => {
      const link: ProxiedLink = new ProxiedLink(
        slave,
        master,
        this.#fileBytes,
        () => this.#reached(link),
      );
      this.#links.push(link);
      link.seek(this.#plan?.place);
    });
  }

  /** Says what to do with the link that came to the place. */
  #reached(link: ProxiedLink): Then {
    const { then, reached } = this.#plan!;
    this.#plan = undefined;
    for (const other of this.#links) other.seek(undefined);
    reached(link);
    return then;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) link.end();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Plan {
  readonly place: Place;
  readonly then: Then;
  readonly reached: (link: Link) => void;
}

class ProxiedLink implements Link {
  firstReport: number | undefined;
  lastReport: number | undefined;
  reports = 0;
  open = true;
  readonly #track: TransferTrack;
  readonly #slave: Socket;
  readonly #master: Socket;
  readonly #reached: () => Then;
  readonly #report = new Uint8Array(8);
  #reportBytes = 0;
  #held = false;

  constructor(slave: Socket, master: Socket, fileBytes: number, reached: () => Then) {
    this.#slave = slave;
    this.#master = master;
    this.#reached = reached;
    this.#track = new TransferTrack(fileBytes);
    slave.on("data", (bytes) => this.#fromSlave(bytes));
    slave.on("drain", () => this.#held || master.resume());
    master.on("data", (bytes) => this.#fromMaster(bytes));
    master.on("drain", () => slave.resume());
    master.on("end", () => slave.end());
    master.on("error", () => slave.end());
    slave.on("close", () => this.end());
    master.on("close", () => this.open = false);
  }

  get seen(): Seen {
    return this.#track;
  }

  seek(place: Place | undefined): void {
    this.#track.seek(place);
  }

  end(): void {
    this.open = false;
    this.#slave.destroy();
    this.#master.destroy();
  }

  #fromMaster(chunk: Uint8Array): void {
    if (this.#held) return;
    const { bytes, reached } = this.#track.pass(chunk);
    if (!this.#slave.write(chunk.subarray(0, bytes))) this.#master.pause();
    if (!reached) return;
    this.#held = true;
    if (this.#reached() === "hold") return void this.#master.pause();
    this.#slave.end();
    this.#master.resetAndDestroy();
  }

  #fromSlave(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.#report[this.#reportBytes++] = byte;
      if (this.#reportBytes < 8) continue;
      this.#reportBytes = 0;
      this.reports++;
      this.lastReport = Number(new DataView(this.#report.buffer).getBigInt64(0));
      this.firstReport ??= this.lastReport;
    }
    if (!this.#master.write(chunk)) this.#slave.pause();
  }
}
