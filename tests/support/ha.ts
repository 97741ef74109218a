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
import type { SlaveStore } from "../../src/ha/begin.ts";
import { type MasterAnswers, NoAnswer } from "../../src/ha/master_answers.ts";
import type { SourceLog } from "../../src/ha/sender.ts";
import type { OnProgress } from "../../src/ha/watch.ts";
import { Slaves } from "../../src/ha/slaves.ts";
import type { Witness } from "../../src/ha/witness.ts";
import type { Connection } from "../../src/ports/net.ts";
import type { SlaveName } from "../../src/wire/slave_name.ts";
import type { Clock } from "../../src/ports/host.ts";
import { recordAt } from "../../src/store/records.ts";
import type { CommitLog } from "../../src/store/commit_log.ts";
import { codecs } from "./codecs.ts";
import type { MemNet } from "./mem_net.ts";

/** The HA port of every test's master. */
export const HA = { host: "10.0.0.1", port: 10912 };
/** Its broker port. */
const BROKER = { host: HA.host, port: 10911 };

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

/** What a test says of the slave it wants. Without `answers` it goes by the stream alone. */
export interface TestSlaveOptions extends Partial<SlaveOptions> {
  readonly host?: string;
  readonly answers?: MasterAnswers;
  readonly suspectFrom?: number;
  readonly onProgress?: OnProgress;
}

/** Follows the HA port into `store`. */
export function startSlave(
  net: MemNet,
  clock: Clock,
  store: SlaveStore,
  { host = "10.0.0.2", answers, suspectFrom, onProgress, ...options }: TestSlaveOptions = {},
): TestSlave {
  const log = new KeptLog();
  const status = new SlaveStatus(clock, log);
  const stop = new AbortController();
  const proof = answers ? "requests" : "stream";
  const done = followMaster({
    net: net.host(host),
    clock,
    codecs,
    store,
    log,
    options: { ...SLAVE_DEFAULTS, proof, ...options },
    master: () => ({ ha: HA, broker: BROKER }),
    answers: () => answers ?? mute,
    self: { brokerId: 1, listenPort: 10921 },
    status,
    suspectFrom,
    onProgress,
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

const noAnswer = () => Promise.reject(new NoAnswer("nobody answers"));

/** A master's broker port that nobody reaches. */
const mute: MasterAnswers = {
  settings: noAnswer,
  bounds: noAnswer,
  recordAt: noAnswer,
  name: noAnswer,
};

/** What the broker of a log answers; undefined while it is dead. */
export function answersOfLog(
  logNow: () => CommitLog | undefined,
  settings: { role?: string; fileBytes?: number } = {},
): MasterAnswers {
  // deno-lint-ignore require-await -- a dead broker is a rejection
  const from = async <T>(answer: (log: CommitLog) => T): Promise<T> => {
    const log = logNow();
    if (log === undefined) throw new NoAnswer("nobody answers");
    return answer(log);
  };
  return {
    settings: () => from(({ fileBytes }) => ({ role: "SYNC_MASTER", fileBytes, ...settings })),
    bounds: () => from(({ minOffset, tail }) => ({ min: minOffset, max: tail })),
    recordAt: (logOffset) => from((log) => recordAt(log, logOffset)),
    name: () => from(() => {}),
  };
}

/** A bare slave that a test leads by hand. */
export class HandSlave {
  readonly conn: Connection;
  /** All that came, in order. */
  readonly transfers: Transfer[] = [];
  /** How the connection ended, once it did. */
  ended: "open" | "closed" | "broken" = "open";
  /** Called when bytes of the log came. */
  onBytes: () => void = () => {};
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
        if (batch.some(({ body }) => body.length > 0)) this.onBytes();
      }
      this.ended = "closed";
    } catch {
      this.ended = "broken";
    }
  }
}
