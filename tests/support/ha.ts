import type { Facts, Log } from "../../src/base/log.ts";
import { Acks } from "../../src/ha/acks.ts";
import { decodeTransfers, encodeReport, type Transfer } from "../../src/ha/frames.ts";
import { MASTER_DEFAULTS, type MasterOptions, serveSlaves } from "../../src/ha/master.ts";
import {
  followMaster,
  SLAVE_DEFAULTS,
  type SlaveOptions,
  SlaveStatus,
} from "../../src/ha/slave.ts";
import type { CopyStore } from "../../src/ha/intake.ts";
import type { SourceLog } from "../../src/ha/sender.ts";
import { Slaves } from "../../src/ha/slaves.ts";
import type { Witness } from "../../src/ha/witness.ts";
import type { Connection } from "../../src/ports/net.ts";
import type { SlaveName } from "../../src/wire/slave_name.ts";
import type { Clock } from "../../src/ports/host.ts";
import type { MemNet } from "./mem_net.ts";

/** The HA port of every test's master. */
export const HA = { host: "10.0.0.1", port: 10912 };

/** A log that keeps its lines. */
export class KeptLog implements Log {
  readonly lines: string[] = [];

  debug(): void {}
  info(message: string, facts?: Facts): void {
    this.#keep(message, facts);
  }
  warn(message: string, facts?: Facts): void {
    this.#keep(message, facts);
  }
  error(message: string, facts?: Facts): void {
    this.#keep(message, facts);
  }
  child(): Log {
    return this;
  }

  /** Lines that hold the text. */
  with(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  #keep(message: string, facts?: Facts): void {
    this.lines.push(facts ? `${message} ${JSON.stringify(facts)}` : message);
  }
}

/** Something that runs until it is stopped. */
export interface Running {
  stop(): Promise<void>;
}

/** A master's HA port in memory. */
export interface TestMaster extends Running {
  readonly acks: Acks;
  readonly slaves: Slaves;
  readonly log: KeptLog;
}

/** What a test says of the master it wants. */
export interface TestMasterOptions extends Partial<MasterOptions> {
  readonly inSyncReplicas?: number;
  /** Default: the end of the log now. */
  readonly born?: number;
  readonly witness?: Pick<Witness, "held">;
}

/** Serves slaves of `commitLog` on the HA port. */
export async function startMaster(
  net: MemNet,
  clock: Clock,
  commitLog: SourceLog,
  options: TestMasterOptions = {},
): Promise<TestMaster> {
  const acks = new Acks({
    inSyncReplicas: options.inSyncReplicas ?? 2,
    fallBehindMax: 256 * 1024 * 1024,
  });
  const log = new KeptLog();
  const born = options.born ?? commitLog.tail;
  const slaves = new Slaves({ acks, clock, log, source: commitLog, born: () => born });
  const listener = await net.host(HA.host).listen(HA);
  const stop = new AbortController();
  const done = serveSlaves(listener, {
    commitLog,
    slaves,
    clock,
    log,
    witness: options.witness,
    options: { ...MASTER_DEFAULTS, ...options },
  }, stop.signal);
  return {
    acks,
    slaves,
    log,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

/** A slave in memory. */
export interface TestSlave extends Running {
  readonly status: SlaveStatus;
  readonly log: KeptLog;
}

/** Follows the HA port into `store`. */
export function startSlave(
  net: MemNet,
  clock: Clock,
  store: CopyStore,
  options: Partial<SlaveOptions> & { host?: string } = {},
): TestSlave {
  const status = new SlaveStatus();
  const log = new KeptLog();
  const stop = new AbortController();
  const done = followMaster({
    net: net.host(options.host ?? "10.0.0.2"),
    clock,
    store,
    log,
    options: { ...SLAVE_DEFAULTS, ...options },
    masterAddress: () => HA,
    status,
  }, stop.signal);
  return {
    status,
    log,
    async stop() {
      stop.abort();
      await done;
    },
  };
}

/** A bare slave that a test leads by hand. */
export class HandSlave {
  readonly conn: Connection;
  /** All that came, in order. */
  readonly transfers: Transfer[] = [];
  /** How the connection ended, once it did. */
  ended: "open" | "closed" | "broken" = "open";
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(conn: Connection) {
    this.conn = conn;
    this.#writer = conn.writable.getWriter();
    this.#read();
  }

  static async dial(net: MemNet, host = "10.0.0.9"): Promise<HandSlave> {
    return new HandSlave(await net.host(host).dial(HA, { timeoutMs: 1000 }));
  }

  /** How it names itself, as slaves of ours do. */
  nameOf(brokerId: number, listenPort = 10911): SlaveName {
    return { brokerId, haPort: this.conn.local.port, listenPort };
  }

  report(logEnd: number): void {
    this.send(encodeReport(logEnd));
  }

  send(bytes: Uint8Array): void {
    this.#writer.write(bytes).catch(() => {});
  }

  /** Bodies so far, joined. */
  get bytes(): number {
    return this.transfers.reduce((sum, { body }) => sum + body.length, 0);
  }

  async #read(): Promise<void> {
    try {
      for await (const batch of this.conn.readable.pipeThrough(decodeTransfers())) {
        this.transfers.push(...batch);
      }
      this.ended = "closed";
    } catch {
      this.ended = "broken";
    }
  }
}
