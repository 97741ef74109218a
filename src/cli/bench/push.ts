import { brokerConfig } from "../../admin/brokers.ts";
import { brokerHa } from "../../admin/ha.ts";
import type { Lines } from "../../admin/lines.ts";
import { reasonOf } from "../../base/log.ts";
import { sleep, together } from "../../base/together.ts";
import { AnswerError } from "../../client/errors.ts";
import type { Clock } from "../../ports/host.ts";
import { CallError } from "../../rpc/peer.ts";
import { ResponseCode } from "../../wire/codes.ts";
import type { HaStatus, RefusedSlave } from "../../wire/ha_status.ts";
import { addressText, parseAddress } from "../../wire/host_address.ts";
import { addressOf, jsonLine } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { Course } from "./course.ts";
import { Live, type LiveFlags } from "./live.ts";
import { PushLine, PushTally, type PushWanted } from "./push_line.ts";
import { type PushSource, refusalOf, reportOf } from "./push_rules.ts";
import { type Pushed, pushedJson, pushedText, pushPlanText, pushSecondText } from "./push_text.ts";
import { stopSignal } from "./stop.ts";

const DIAL_MS = 3_000;
const WATCH_MS = 20;
/** A master that has the bytes sends them at once. */
const SILENT_MS = 10_000;

/** What `bench replicate` is told. */
export interface PushOptions extends LiveFlags {
  readonly broker: string;
  readonly ha: string | undefined;
  readonly from: number | undefined;
  readonly seconds: number;
  readonly again: boolean;
  readonly yes: boolean;
}

/** Takes a broker's log as a slave would. @throws {UsageError} {CallError} {AnswerError} {NetError} */
export async function measurePush(
  context: Context,
  lines: Lines,
  options: PushOptions,
): Promise<number> {
  const { terminal, runtime: { clock } } = context;
  const found = await sourceOf(lines, options);
  const { source, ha, fileBytes } = found;
  const refusal = options.yes ? undefined : refusalOf(source);
  if (refusal !== undefined) {
    terminal.stderr(`pocketmq: ${refusal}\n`);
    return Exit.REFUSED;
  }
  const stop = stopSignal(terminal);
  if (!options.json) terminal.stdout(pushPlanText(source, ha));
  const { report, waitMs } = reportOf(source, options.from);
  if (waitMs > 0) {
    terminal.stderr(`waiting ${waitMs / 1000} s, until no send waits for what is reported\n`);
    await sleep(clock, waitMs, stop);
    if (stop.aborted) return Exit.FAILED;
  }
  const wanted = { report, until: source.maxOffset, fileBytes };
  const { pushed, failure } = await taken(context, { source, ha, wanted }, options, stop);
  const came = pushed.counts.bytes > 0;
  if (came || failure === undefined) {
    terminal.stdout(options.json ? jsonLine(pushedJson(pushed)) : pushedText(pushed));
  }
  if (failure === undefined) return came ? Exit.OK : Exit.FAILED;
  throw came ? failure.error : await explained(lines, found, failure.error);
}

interface Found {
  readonly source: PushSource;
  readonly ha: string;
  readonly fileBytes: number;
  /** When a master of ours refused a slave last, by its clock; 0 when it did not. */
  readonly refusedAt: number;
}

async function sourceOf(
  lines: Lines,
  { broker, ha, from }: PushOptions,
): Promise<Found> {
  const address = addressOf(broker);
  const [said, settings] = await Promise.all([
    brokerHa(lines.calls, address),
    brokerConfig(lines, address),
  ]);
  const number = (key: string) => Number(settings.get(key) ?? 0) || 0;
  const { role, minOffset, maxOffset, status, inSyncReplicas } = said;
  if (minOffset < 0 || maxOffset <= minOffset) {
    throw new AnswerError(ResponseCode.SYSTEM_ERROR, `The log of ${address} is empty`);
  }
  if (from !== undefined && (from < minOffset || from >= maxOffset)) {
    throw new UsageError(
      `--from is ${from}, the log of ${address} is ${minOffset} to ${maxOffset}`,
    );
  }
  const { host, port } = parseAddress(address)!;
  const source = {
    address,
    role,
    ours: status?.pocketmq !== undefined,
    inSyncSlaves: status?.inSyncSlaveNums ?? 0,
    inSyncReplicas,
    minOffset,
    maxOffset,
    slaveTimeoutMs: number("slaveTimeout"),
  };
  return {
    source,
    ha: ha ?? addressText({ host, port: number("haListenPort") || port + 1 }),
    fileBytes: number("mappedFileSizeCommitLog"),
    refusedAt: lastRefused(status)?.at ?? 0,
  };
}

function lastRefused(status: HaStatus | undefined): RefusedSlave | undefined {
  return [...status?.pocketmq?.refused ?? []].sort((a, b) => b.at - a.at)[0];
}

interface Taking {
  readonly source: PushSource;
  readonly ha: string;
  readonly wanted: PushWanted;
}

/** What came, also when it failed on the way. */
async function taken(
  { terminal, runtime: { net, clock } }: Context,
  { source, ha, wanted }: Taking,
  options: PushOptions,
  stop: AbortSignal,
): Promise<{ pushed: Pushed; failure?: { error: unknown } }> {
  const to = parseAddress(ha);
  if (to === undefined) throw new UsageError(`--ha is "${ha}", it must be host:port`);
  const live = new Live(terminal, clock, options);
  let conn = await net.dial(to, { timeoutMs: DIAL_MS });
  const course = new Course(clock, { warmMs: 0, ms: Infinity, requests: Infinity });
  const tally = new PushTally();
  const watch = () => {
    const now = clock.monotonic();
    if (stop.aborted) course.stop(now);
    // a master may look at a slave for seconds before it sends the first bytes
    if (now - (tally.firstAt ?? now) >= options.seconds * 1000) course.finish(now);
    live.tick((seconds) => pushSecondText(tally.takeBytes(), seconds, tally.at, source.maxOffset));
  };
  let failure: { error: unknown } | undefined;
  try {
    for (;;) {
      await onePass(new PushLine(conn, wanted, clock), { course, tally, clock, watch });
      watch(); // a pass over a small log ends before it is looked at
      if (!options.again || course.over(clock.monotonic())) break;
      conn = await net.dial(to, { timeoutMs: DIAL_MS });
    }
  } catch (error) {
    failure = { error };
  } finally {
    live.end();
  }
  const { counts, passes, rate, firstMs, begin: from } = tally;
  const pushed = { source, ha, from, to: tally.at ?? 0, counts, passes, rate, firstMs };
  return { pushed: { ...pushed, stopped: course.stopped }, failure };
}

async function onePass(
  line: PushLine,
  { course, tally, clock, watch }: {
    course: Course;
    tally: PushTally;
    clock: Clock;
    watch: () => void;
  },
): Promise<void> {
  await together(new AbortController().signal, (until) => [
    line.run(course, tally),
    (async () => {
      let bytes = 0;
      let heardAt = clock.monotonic();
      while (!until.aborted) {
        await sleep(clock, WATCH_MS, until);
        if (until.aborted) return;
        watch();
        const now = clock.monotonic();
        line.keep(now);
        if (course.over(now)) return line.close();
        if (tally.counts.bytes > bytes) heardAt = now;
        bytes = tally.counts.bytes;
        if (now - heardAt <= SILENT_MS) continue;
        line.close();
        throw new CallError("timeout", `no byte of the log came for ${SILENT_MS / 1000} s`);
      }
    })(),
  ]);
}

/** A master of ours says why it does not serve a slave. */
async function explained(
  lines: Lines,
  { source: { address }, refusedAt }: Found,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof CallError)) return error;
  const said = await brokerHa(lines.calls, address).catch(() => undefined);
  const last = lastRefused(said?.status);
  if (last === undefined || last.at <= refusedAt) return error;
  return new CallError(error.kind, `${reasonOf(error)}; it refused ${last.addr}: ${last.reason}`);
}
