import { WireError } from "../base/errors.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { sleep, together, whenAborted } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Address, Connection, Listener } from "../ports/net.ts";
import type { Acks, Follower } from "./acks.ts";
import { decodeReports } from "./frames.ts";
import { sendFrom, type SourceLog } from "./sender.ts";
import { Silence } from "./silence.ts";

export type { SourceLog } from "./sender.ts";

/** Where a slave with an empty log starts: the first file, the last one (Java's rule), or that of an offset. */
export type SyncFrom = "min" | "last" | number;

/** What a master is told. Names in brackets are RocketMQ's. */
export interface MasterOptions {
  /** Body of one frame, at most (haTransferBatchSize). */
  readonly transferBytes: number;
  /** An idle connection carries an empty frame this often (haSendHeartbeatInterval). */
  readonly heartbeatMs: number;
  /** A slave that sent nothing for longer is gone (haHousekeepingInterval). */
  readonly silenceMs: number;
  readonly syncFrom: SyncFrom;
  /** The longest a sender waits for a slave (slaveTimeout). */
  readonly slaveTimeoutMs: number;
}

export const MASTER_DEFAULTS: MasterOptions = {
  transferBytes: 32 * 1024,
  heartbeatMs: 5_000,
  silenceMs: 20_000,
  syncFrom: "min",
  slaveTimeoutMs: 2_500,
};

/** What serving slaves takes. */
export interface Master {
  readonly commitLog: SourceLog;
  readonly acks: Acks;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: MasterOptions;
  /** What tells slaves apart: connections with the same key are one slave. The remote IP by default. */
  readonly keyOf?: (remote: Address) => string;
}

/** Connections that have not reported yet, at most; beyond it the oldest makes room. */
const UNSPOKEN_MAX = 256;
/** Slaves served at once, at most. */
const SLAVES_MAX = 64;

// TODO(#4): refuse also what lies above our log's end at start, unless we sent it to that slave.
/**
 * Where to begin for a slave that first reports `first`: there, or for 0 at a file start. An empty Java
 * slave takes what comes first as the beginning of its log, so that must never lie inside a file.
 * @throws {WireError} when we do not hold what it needs, or it holds what we never had.
 */
export function startOf(
  first: number,
  { minOffset, tail, fileBytes }: Pick<SourceLog, "minOffset" | "tail" | "fileBytes">,
  syncFrom: SyncFrom,
): number {
  if (first === 0) {
    if (syncFrom === "min") return minOffset;
    const wanted = syncFrom === "last" ? tail : Math.min(syncFrom, tail);
    return Math.max(minOffset, wanted - wanted % fileBytes);
  }
  if (first < 0) throw new WireError(`first report ${first} is below 0`);
  if (first > tail) throw new WireError(`first report ${first} is above our end ${tail}`);
  if (first < minOffset) {
    throw new WireError(`first report ${first} is below our first file at ${minOffset}`);
  }
  return first;
}

/** Serves every slave that connects until `signal` aborts; resolves when the last of them is gone. */
export async function serveSlaves(
  listener: Listener,
  master: Master,
  signal: AbortSignal,
): Promise<void> {
  const tasks = new Set<Promise<void>>();
  const unspoken = new Set<Connection>(); // oldest first
  const told = new Told(master.log);
  const forget = whenAborted(signal, () => listener.close());
  try {
    for await (const conn of listener.connections) {
      if (unspoken.size >= UNSPOKEN_MAX) {
        const [oldest] = unspoken;
        unspoken.delete(oldest);
        oldest.close();
      }
      unspoken.add(conn);
      const task = serveSlave(conn, master, signal, {
        spoke: () => unspoken.delete(conn),
        served: () => told.served(conn.remote),
      })
        .catch((error) => told.left(conn.remote, error))
        .finally(() => {
          unspoken.delete(conn);
          tasks.delete(task);
        });
      tasks.add(task);
    }
  } finally {
    forget();
    listener.close();
    await Promise.all(tasks);
  }
}

/**
 * Serves one slave until it leaves or `signal` aborts; after that nothing of it is running. Nothing is sent
 * before its first report, which says where to begin.
 * @throws {WireError} when it said what cannot be, or nothing for too long.
 */
export async function serveSlave(
  conn: Connection,
  master: Master,
  signal: AbortSignal,
  stages: Stages = { spoke() {}, served() {} },
): Promise<void> {
  using _ = conn; // every way out closes both directions
  let silentMs = 0;
  using silence = new Silence(master.clock, master.options.silenceMs, (ms) => {
    silentMs = ms;
    conn.close();
  });
  try {
    await replicate(conn, silence, master, signal, stages);
  } catch (error) {
    if (!signal.aborted && silentMs === 0) throw error;
  }
  if (silentMs > 0) throw new WireError(`nothing came for ${Math.round(silentMs)} ms`);
}

/** What a connection that speaks gets to be: called once each, in this order. */
interface Stages {
  spoke(): void;
  served(): void;
}

async function replicate(
  conn: Connection,
  silence: Silence,
  { commitLog, acks, clock, log, options, keyOf = hostOf }: Master,
  signal: AbortSignal,
  stages: Stages,
): Promise<void> {
  const reports = conn.readable.pipeThrough(decodeReports(), { signal }).getReader();
  const first = await nextReport(reports, silence);
  if (first === undefined) return;
  stages.spoke();
  const start = startOf(first, commitLog, options.syncFrom);
  if (first === 0 && start > commitLog.minOffset) {
    // It will confirm offsets above history that it never gets: whoever waits for that must be gone.
    await sleep(clock, options.slaveTimeoutMs, signal);
  }
  if (acks.connections >= SLAVES_MAX) throw new WireError(`more than ${SLAVES_MAX} slaves`);
  const follower = acks.follower(keyOf(conn.remote), first, start);
  stages.served();
  log.info("serving a slave", { remote: conn.remote.host, first, start });
  try {
    await together(signal, (until) => {
      whenAborted(until, () => conn.close());
      return [
        sendFrom(follower, { ...options, commitLog, clock }, conn.writable, until),
        confirmEach(reports, follower, silence),
      ];
    });
  } finally {
    follower.close();
    log.info("a slave left", { remote: conn.remote.host, confirmed: follower.acked });
  }
}

function hostOf({ host }: Address): string {
  return host;
}

type Reports = ReadableStreamDefaultReader<number[]>;

/** The last report of the next read that completes one; undefined when the slave left. */
async function nextReport(reports: Reports, silence: Silence): Promise<number | undefined> {
  for (;;) {
    const { value, done } = await reports.read();
    if (done) return undefined;
    silence.heard();
    if (value.length > 0) return value[value.length - 1];
  }
}

async function confirmEach(reports: Reports, follower: Follower, silence: Silence): Promise<void> {
  for (;;) {
    const report = await nextReport(reports, silence);
    if (report === undefined) return;
    follower.confirm(report);
  }
}

/** Says why slaves were sent away: once, not each time one comes back with the same. */
class Told {
  readonly #log: Log;
  readonly #last = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  left({ host }: Address, error: unknown): void {
    const kind = reasonOf(error).replace(/\d+/g, "#"); // its numbers grow each time
    if (this.#last.get(host) === kind) return;
    if (this.#last.size >= 1000) this.#last.clear();
    this.#last.set(host, kind);
    this.#log.warn("closed the connection of a slave", { remote: host, reason: reasonOf(error) });
  }

  served({ host }: Address): void {
    this.#last.delete(host);
  }
}
