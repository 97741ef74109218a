import { silentLog } from "../../src/base/log.ts";
import type { Address, Net } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { SCHEDULE_TOPIC } from "../../src/store/delay.ts";
import { ResponseCode } from "../../src/wire/codes.ts";
import { addressText } from "../../src/wire/host_address.ts";
import { decodeRecords, type StoredMessage } from "../../src/wire/message.ts";
import { formatPull, parsePullAnswer, PULL_FLAG } from "../../src/wire/pull.ts";
import { sendRequest } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import type { Starter } from "./brokers.ts";
import type { StartedRow } from "./replication.ts";
import type { Measured } from "./rows.ts";
import { sendLoad } from "./send_load.ts";

const TOPIC = "Delayed";
/** Of the first level, which all go by. */
const DELAY_MS = 1_000;
const LEVELS = "1s 2s";
/** Delayed messages on their way at a time, beside the other sends. */
const IN_FLIGHT = 16;

/** How late delayed messages are while plain ones are sent 4 x 16: by when the broker stored each. */
export function delayedRow(net: Net, seconds: number): StartedRow {
  return {
    name: "delayed messages beside sends 4 x 16, lateness",
    peer: true,
    run: (start) => measure(net, seconds, start),
  };
}

async function measure(net: Net, seconds: number, start: Starter): Promise<Measured> {
  const broker = await start({
    config: { brokerName: "delays", brokerRole: "ASYNC_MASTER", messageDelayLevel: LEVELS },
  });
  const calls = new Redial(runtime, silentLog);
  try {
    const stop = { at: performance.now() + (seconds + 2) * 1_000 };
    const load = {
      address: broker.broker,
      topic: "Plain",
      connections: 4,
      inFlight: 16,
      bodyBytes: 1024,
      queues: 4,
      seconds,
      warmSeconds: 2,
    };
    const [{ perSecond }, ...sent] = await Promise.all([
      sendLoad(net, load),
      ...Array.from({ length: IN_FLIGHT }, (_, i) => sendDelayed(calls, broker.broker, i, stop)),
    ]);
    const count = sent.reduce((sum, each) => sum + each, 0);
    const late = await lateness(calls, broker.broker, count);
    const at = (part: number) => late[Math.min(late.length - 1, Math.floor(part * late.length))];
    const note = `beside ${Math.round(perSecond)} msg/s, latest ${at(1)} ms`;
    return { rate: count / (seconds + 2), unit: "msg/s", p50: at(0.5), p99: at(0.99), note };
  } finally {
    calls.close();
    await broker.stop();
  }
}

/** Sends one after the other; gives how many were stored. */
async function sendDelayed(
  calls: Redial,
  address: Address,
  sender: number,
  stop: { at: number },
): Promise<number> {
  let count = 0;
  while (performance.now() < stop.at) {
    const request = sendRequest(TOPIC, `${sender}.${count}`, "DELAY\x011");
    const { code } = await calls.call(addressText(address), request, 5_000);
    if (code === ResponseCode.SUCCESS) count++;
  }
  return count;
}

/** How late each was, in ms and in order; it waits until all were delivered. */
async function lateness(calls: Redial, address: Address, count: number): Promise<number[]> {
  const dueAt = new Map<string, number>();
  for (const message of await messagesOf(calls, address, SCHEDULE_TOPIC)) {
    dueAt.set(bodyOf(message), message.storeTimestamp + DELAY_MS);
  }
  for (const until = performance.now() + 60_000;;) {
    const got = await messagesOf(calls, address, TOPIC);
    if (got.length >= count) {
      return got.map((each) => each.storeTimestamp - dueAt.get(bodyOf(each))!).sort((a, b) =>
        a - b
      );
    }
    if (performance.now() > until) throw new Error(`${got.length} of ${count} were delivered`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function messagesOf(calls: Redial, address: Address, topic: string) {
  const messages: StoredMessage[] = [];
  for (let queueOffset = 0;;) {
    const request = formatPull({
      consumerGroup: "bench",
      topic,
      queueId: 0,
      queueOffset,
      maxMessages: 32,
      sysFlag: PULL_FLAG.subscription,
      commitOffset: 0,
      holdMs: 0,
      subscription: "*",
      subVersion: 0,
      expressionType: "TAG",
    });
    const answer = await calls.call(addressText(address), request, 5_000);
    if (answer.code !== ResponseCode.SUCCESS) return messages;
    messages.push(...decodeRecords(answer.body.slice()));
    queueOffset = parsePullAnswer(answer).nextBeginOffset;
  }
}

function bodyOf({ body }: StoredMessage): string {
  return new TextDecoder().decode(body);
}
