import { brokerHa } from "../../admin/ha.ts";
import { clusterBrokers } from "../../admin/cluster.ts";
import { askNode, type Lines } from "../../admin/lines.ts";
import { sleep } from "../../base/together.ts";
import { AnswerError } from "../../client/errors.ts";
import type { Clock } from "../../ports/host.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { formatBoundQuery, parseOffsetAnswer } from "../../wire/offset.ts";
import { formatSend } from "../../wire/send.ts";
import { parseSendReply } from "../../wire/send_reply.ts";
import { addressOf, jsonLine } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { type BenchTopic, leftOf, openTopic } from "./bench_topic.ts";
import { lagJson, lagPlanText, lagSecondText, lagText, type SlaveLag } from "./lag_text.ts";
import { type Latencies, latencyMaker } from "./latencies.ts";
import { Live, type LiveFlags } from "./live.ts";
import { stopSignal } from "./stop.ts";
import { STORED } from "./tally.ts";

/** A slave that does not have a message after so long is behind. */
const LATE_MS = 10_000;
/** A slave is asked on without a pause at first: most have the message before the second question. */
const QUICK_ASKS = 50;
const PAUSE_MS = 1;

/** What `bench replicate --measure lag` is told. */
export interface LagOptions extends LiveFlags {
  readonly broker: string;
  readonly seconds: number;
  /** Messages a second. */
  readonly rate: number;
  readonly bodyBytes: number;
}

interface Slave {
  readonly id: number;
  readonly address: string;
  readonly lag: Latencies;
  /** How long one question took. */
  readonly ask: Latencies;
  late: number;
}

/** Sends messages to a master and looks when each of its slaves has them. @throws {UsageError} {CallError} {AnswerError} {FieldError} */
export async function measureLag(
  context: Context,
  lines: Lines,
  options: LagOptions,
): Promise<number> {
  const { terminal, runtime } = context;
  const target = { broker: options.broker, cluster: undefined };
  const slaves = await slavesOf(lines, addressOf(options.broker));
  const stop = stopSignal(terminal); // before there is a topic to delete
  const wanted = { name: undefined, target, queues: 1, use: "write" } as const;
  const topic = await openTopic(lines, wanted, runtime.random);
  let failure: { error: unknown } | undefined;
  if (!options.json) terminal.stdout(lagPlanText(topic, slaves, options));
  let messages = 0;
  const live = new Live(terminal, runtime.clock, options);
  try {
    messages = await sendAndLook(
      lines,
      { topic, slaves, clock: runtime.clock, live },
      options,
      stop,
    );
  } catch (error) {
    failure = { error };
  } finally {
    live.end();
  }
  const all = slaves.map(({ lag, ask, ...slave }): SlaveLag => ({
    ...slave,
    lag: lag.summary(),
    ask: ask.summary(),
  }));
  const result = { topic, messages, slaves: all, stopped: stop.aborted };
  terminal.stdout(options.json ? jsonLine(lagJson(result)) : lagText(result));
  const left = await leftOf(lines, topic);
  if (left !== undefined) terminal.stderr(`pocketmq: ${left}\n`);
  if (failure !== undefined) throw failure.error;
  if (left !== undefined || messages === 0) return Exit.FAILED;
  return all.some(({ late }) => late > 0) ? Exit.UNHEALTHY : Exit.OK;
}

/** The slaves that name servers know of that master. @throws {AnswerError} when there are none. */
async function slavesOf(lines: Lines, master: string): Promise<Slave[]> {
  const [{ name }, brokers] = await Promise.all([
    brokerHa(lines.calls, master),
    clusterBrokers(lines.servers),
  ]);
  const make = await latencyMaker();
  const { cluster } = brokers.find(({ address, id }) => address === master && id === 0) ?? {};
  const slaves = brokers.filter((broker) =>
    broker.name === name && broker.id > 0 && (cluster ?? broker.cluster) === broker.cluster
  );
  if (slaves.length === 0) {
    throw new AnswerError(
      ResponseCode.SYSTEM_ERROR,
      `No slave of ${name || master} is registered at the name servers`,
    );
  }
  return slaves.map(({ id, address }) => ({ id, address, lag: make(), ask: make(), late: 0 }));
}

interface Looking {
  readonly topic: BenchTopic;
  readonly slaves: readonly Slave[];
  readonly clock: Clock;
  readonly live: Live;
}

/** Gives how many messages were sent. */
async function sendAndLook(
  lines: Lines,
  { topic, slaves, clock, live }: Looking,
  { seconds, rate, bodyBytes }: LagOptions,
  stop: AbortSignal,
): Promise<number> {
  const [{ address }] = topic.brokers;
  const began = clock.monotonic();
  const body = new Uint8Array(bodyBytes);
  let messages = 0;
  for (let next = began; !stop.aborted && next < began + seconds * 1000;) {
    const entry = await sendOne(lines, address, topic.topic, body, clock.now());
    const stored = clock.monotonic();
    await Promise.all(
      slaves.map((slave) => untilThere(lines, slave, topic.topic, entry, { stored, clock, stop })),
    );
    messages++;
    live.tick(() =>
      lagSecondText(messages, slaves.map(({ id, lag }) => ({ id, lag: lag.takeFresh() })))
    );
    next = Math.max(next + 1000 / rate, clock.monotonic());
    await sleep(clock, next - clock.monotonic(), stop);
  }
  return messages;
}

/** Stores one message that waits for no slave; gives its place in the queue. */
async function sendOne(
  lines: Lines,
  address: string,
  topic: string,
  body: Uint8Array,
  bornTimestamp: number,
): Promise<number> {
  const request = formatSend({
    producerGroup: "pocketmq-bench",
    topic,
    defaultTopic: "TBW102",
    defaultTopicQueueNums: 1,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp,
    flag: 0,
    properties: "WAIT\x01false",
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
  }, body);
  const answer = await lines.calls.call(address, request, LATE_MS);
  if (STORED.has(answer.code)) return parseSendReply(answer).queueOffset;
  const why = answer.remark === undefined ? "" : ` (${answer.remark.split("\n")[0].trim()})`;
  throw new AnswerError(answer.code, `Cannot send: ${address} answers ${answer.code}${why}`);
}

/** Asks a slave where the queue ends until the message is in it. */
async function untilThere(
  lines: Lines,
  slave: Slave,
  topic: string,
  entry: number,
  { stored, clock, stop }: { stored: number; clock: Clock; stop: AbortSignal },
): Promise<void> {
  const request = formatBoundQuery("next", topic, 0);
  for (let asks = 1; !stop.aborted; asks++) {
    const asked = clock.monotonic();
    const answer = await askNode(lines, slave.address, request, "see how far the slave is");
    const now = clock.monotonic();
    slave.ask.record(now - asked);
    if (parseOffsetAnswer(answer) > entry) return slave.lag.record(now - stored);
    if (now - stored > LATE_MS) {
      slave.late++;
      return;
    }
    if (asks >= QUICK_ASKS) await sleep(clock, PAUSE_MS, stop);
  }
}
