import { WireError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { signalled, sleep, together, whenAborted } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Listener } from "../ports/net.ts";
import type { Follower } from "./acks.ts";
import { foreignOf, type Held, Refusal, startOf, type SyncFrom } from "./admission.ts";
import { decodeReports } from "./frames.ts";
import { QuietLog } from "./quiet_log.ts";
import { Told } from "./refusals.ts";
import { sendFrom, type SourceLog } from "./sender.ts";
import { Silence } from "./silence.ts";
import type { Line, Slaves } from "./slaves.ts";
import { Pace } from "./pace.ts";
import { Turns } from "./turns.ts";
import type { Witness } from "./witness.ts";

export type { SourceLog } from "./sender.ts";

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
  readonly slaves: Slaves;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: MasterOptions;
  /** Asks slaves what they hold; without it only where they end is known. */
  readonly witness?: Pick<Witness, "held">;
}

/** Serves every slave that connects until `signal` aborts; resolves when the last of them is gone. */
export async function serveSlaves(
  listener: Listener,
  master: Master,
  signal: AbortSignal,
): Promise<void> {
  const tasks = new Set<Promise<void>>();
  const { clock, commitLog } = master;
  const log = new QuietLog(master.log, clock);
  const told = new Told(log);
  const shared = { ...master, log, turns: new Turns(clock), pace: new Pace(clock, commitLog) };
  const forget = whenAborted(signal, () => listener.close());
  try {
    for await (const conn of listener.connections) {
      const line = master.slaves.enter(conn);
      const task = serveSlave(line, shared, signal, () => told.served(line.host))
        .catch((error) => told.left(line.host, error))
        .finally(() => tasks.delete(task));
      tasks.add(task);
    }
  } finally {
    forget();
    listener.close();
    await Promise.all(tasks);
  }
}

interface Serving extends Master {
  readonly turns: Turns;
  readonly pace: Pace;
}

/**
 * Serves one slave until it leaves or `signal` aborts; after that nothing of it is running. Nothing is sent
 * before its first report, which says where to begin.
 * @throws {WireError} when it said what cannot be, or nothing for too long.
 */
async function serveSlave(
  line: Line,
  master: Serving,
  signal: AbortSignal,
  served: () => void,
): Promise<void> {
  const { clock, slaves, options } = master;
  let silentMs = 0;
  const silence = new Silence(clock, options.silenceMs, (ms) => {
    silentMs = ms;
    slaves.close(line);
  });
  const forget = whenAborted(signal, () => slaves.close(line));
  try {
    await replicate(line, silence, master, signal, served);
  } catch (error) {
    const held = line.gone ? 0 : holdMs(line, error, slaves);
    silence[Symbol.dispose]();
    // A Java slave connects again at once: only a connection that is kept keeps it away.
    if (held > 0) await sleep(clock, held, signal);
    else if (!line.gone) throw error;
  } finally {
    silence[Symbol.dispose]();
    forget();
    slaves.close(line);
  }
  if (silentMs > 0) throw new WireError(`nothing came for ${Math.round(silentMs)} ms`);
}

/** How long a slave that was refused is kept waiting before its connection is closed. */
function holdMs(line: Line, error: unknown, slaves: Slaves): number {
  return error instanceof Refusal ? slaves.refusals.refuse(line.addr, error) : 0;
}

async function replicate(
  line: Line,
  silence: Silence,
  master: Serving,
  signal: AbortSignal,
  served: () => void,
): Promise<void> {
  const { commitLog, slaves, clock, log, options, turns, pace } = master;
  const { conn, rate } = line;
  const reports = conn.readable.pipeThrough(decodeReports(), { signal }).getReader();
  const first = await nextReport(reports, silence);
  if (first === undefined) return;
  const start = await admit(line, first, master, signal);
  if (first === 0 && start > commitLog.minOffset) {
    await outlive(options, silence, clock, signal);
  }
  if (line.gone) return;
  const follower = slaves.serve(line, first, start);
  served();
  log.info("serving a slave", { ...line.who, first, start, behind: commitLog.tail - start });
  slaves.reported(line);
  // An empty Java slave takes a heartbeat for the beginning of its log, and makes files for it.
  const mayBeat = () => first > 0 || follower.sent > start || line.name !== undefined;
  try {
    await together(signal, (until) => {
      whenAborted(until, () => conn.close());
      const context = { ...options, commitLog, clock, turns, pace, rate, mayBeat };
      return [
        sendFrom(follower, context, conn.writable, until),
        confirmEach(reports, follower, silence, () => slaves.reported(line)),
      ];
    });
  } finally {
    log.info("a slave left", { ...line.who, confirmed: follower.acked });
  }
}

/** Waits while somebody may wait for history that a slave never gets: it will confirm offsets above that. */
async function outlive(
  { slaveTimeoutMs, silenceMs }: MasterOptions,
  silence: Silence,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let leftMs = slaveTimeoutMs; leftMs > 0; leftMs -= silenceMs / 2) {
    await sleep(clock, Math.min(leftMs, silenceMs / 2), signal);
    silence.heard(); // it is we who do not listen
  }
}

/**
 * Where to begin for a slave, after a look at what it holds where we continue its log.
 * @throws {Refusal} when it is not to be served.
 */
async function admit(
  line: Line,
  first: number,
  { commitLog, slaves, options, witness, log }: Serving,
  signal: AbortSignal,
): Promise<number> {
  const start = startOf(first, commitLog, options.syncFrom);
  if (first === 0) return start;
  const { host } = line;
  const wasSent = first <= slaves.sentTo(line);
  const held = await heldBy(line, first, wasSent, witness, signal);
  const known = { born: slaves.born, sent: slaves.sentTo(line), held };
  const foreign = foreignOf(first, known);
  if (foreign === undefined) return start;
  if (!slaves.refusals.accepts(line.addr, host)) throw foreign;
  log.warn("serving a slave of another history, as an operator wanted", {
    ...line.who,
    reason: foreign.message,
  });
  return start;
}

async function heldBy(
  { host, name }: Line,
  first: number,
  wasSent: boolean,
  witness: Master["witness"],
  signal: AbortSignal,
): Promise<Held> {
  if (witness === undefined) return "unknown";
  const stopped = signalled<Held>();
  const forget = whenAborted(signal, () => stopped.resolve("unknown"));
  try {
    const asked = witness.held({ host, listenPort: name?.listenPort, wasSent }, first, signal);
    return await Promise.race([asked, stopped.promise]);
  } finally {
    forget();
  }
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

async function confirmEach(
  reports: Reports,
  follower: Follower,
  silence: Silence,
  reported: () => void,
): Promise<void> {
  for (;;) {
    const report = await nextReport(reports, silence);
    if (report === undefined) return;
    follower.confirm(report);
    reported();
  }
}
