import type { Lines } from "../../admin/lines.ts";
import { topicRoute } from "../../admin/topics.ts";
import { utf8 } from "../../base/bytes.ts";
import type { Sent } from "../../client/producer.ts";
import { type MessageQueue, plainQueue } from "../../wire/message_queue.ts";
import { AnswerError } from "../../client/errors.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { formatTrace, TRACE_TOPIC } from "../../wire/trace.ts";
import { Exit, UsageError } from "../exit.ts";
import { type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { printJson, printRows } from "./print.ts";
import { averageRt, filled, sending, type SendTime, timed, tried } from "./send_times.ts";

const SIZE_BYTES = 128;
const SIZE = { kind: "count", letter: "s", meaning: `bytes of a body (${SIZE_BYTES})` } as const;
const AMOUNT = 100;
const STATUS_MESSAGES = 50;
/** mqadmin's first message to a broker is small and not shown. */
const FIRST_BYTES = 16;
const PERM_WRITE = 2;

/** Commands that send messages. */
export const messageSends: Readonly<Record<string, MqadminCommand>> = {
  sendMessage: mqadminCommand({
    summary: "Send a message",
    flags: {
      topic: TOPIC,
      body: { kind: "text", letter: "p", required: true, meaning: "its text" },
      key: {
        kind: "text",
        letter: "k",
        meaning: "what it is found by; several with spaces between",
      },
      tags: { kind: "text", letter: "c", meaning: "what consumers select by" },
      broker: { kind: "text", letter: "b", meaning: "to that broker, by its name" },
      qid: { kind: "count", letter: "i", meaning: "with -b: to that queue" },
      msgTraceEnable: {
        ...{ kind: "truth", letter: "m" } as const,
        meaning: `note in ${TRACE_TOPIC} that it was sent (false)`,
      },
    },
    examples: [
      "sendMessage -t orders -p hello -k 4711 -c new",
      "sendMessage -t orders -p hello -b broker-a -i 0",
    ],
    run(context, given) {
      const { topic, broker, qid, key = "", tags = "" } = given;
      if (qid !== undefined && broker === undefined) throw new UsageError("-i needs -b");
      return sending(context, given, async (client, lines) => {
        const { clock } = context.runtime;
        const places = await writable(lines, topic, broker);
        const queue = broker === undefined ? undefined : queueIn(places, qid, clock.now());
        const producer = client.producer();
        const [time, begun] = [clock.now(), clock.monotonic()];
        const keys = key.split(" ").filter((each) => each !== "");
        const body = utf8(given.body);
        const message = { topic, body, keys, ...tags !== "" && { tag: tags } };
        const sent = await producer.send(message, queue && { queue });
        if (given.msgTraceEnable) {
          const { brokerName } = sent.queue;
          const storeHost = places.find((place) => place.brokerName === brokerName)?.address ?? "";
          const note = formatTrace([{
            ...{ kind: "Pub", messageId: sent.messageId, time, region: "" },
            ...{ group: producer.group, topic, tags, keys: key, storeHost },
            ...{ bodyBytes: body.length, costMs: Math.round(clock.monotonic() - begun) },
            ...{ messageType: "Normal_Msg", offsetMessageId: sent.offsetMessageId, ok: true },
          }]);
          const named = [sent.messageId, ...keys];
          await producer.send({ topic: TRACE_TOPIC, keys: named, body: note });
        }
        const { brokerName, queueId } = sent.queue;
        const row = [brokerName, String(queueId), sent.status, sent.messageId];
        const titles = ["#Broker Name", "#QID", "#Send Result", "#MsgId"];
        printRows(context, given, titles, [row], [sent]);
        return sent.status === "SEND_OK" ? Exit.OK : Exit.UNHEALTHY;
      });
    },
  }),

  sendMsgStatus: mqadminCommand({
    summary: "Send messages to the topic that has a broker's name, and show each answer",
    flags: {
      brokerName: { kind: "text", letter: "b", required: true, meaning: "the broker, by its name" },
      messageSize: SIZE,
      count: { kind: "count", letter: "c", meaning: `how many messages (${STATUS_MESSAGES})` },
    },
    examples: ["sendMsgStatus -b broker-a -c 3"],
    run: (context, given) =>
      sending(context, given, async (client) => {
        const { brokerName, messageSize = SIZE_BYTES, count = STATUS_MESSAGES } = given;
        const producer = client.producer();
        await producer.send({ topic: brokerName, body: filled(FIRST_BYTES) });
        let weak = 0; // stored, but less safely than configured
        for (let n = 0; n < count; n++) {
          const { rt, sent } = await timed(context, producer, brokerName, messageSize);
          if (sent.status !== "SEND_OK") weak++;
          if (given.json) printJson(context, [{ rt, ...sent }]);
          else context.terminal.stdout(`rt=${rt}ms, SendResult=${resultText(sent)}\n`);
        }
        return weak > 0 ? Exit.UNHEALTHY : Exit.OK;
      }),
  }),

  checkMsgSendRT: mqadminCommand({
    summary: "Send messages to each queue of a topic in turn, and show how long each takes",
    flags: {
      topic: TOPIC,
      amount: { kind: "count", letter: "a", meaning: `how many messages (${AMOUNT})` },
      size: SIZE,
    },
    examples: ["checkMsgSendRT -t orders -a 10"],
    run: (context, given) =>
      sending(context, given, async (client, lines) => {
        const { topic, amount = AMOUNT, size = SIZE_BYTES } = given;
        const queues = await writable(lines, topic);
        const producer = client.producer();
        const times: SendTime[] = [];
        for (let n = 0; n < amount; n++) {
          times.push(await tried(context, producer, size, queues[n % queues.length]));
        }
        const titles = ["#Broker Name", "#QID", "#Send Result", "#RT"];
        const rows = times.map(({ brokerName, queueId, ok, rt }) => [
          ...[brokerName, String(queueId), String(ok), String(rt)],
        ]);
        printRows(context, given, titles, rows, times);
        if (!given.json) context.terminal.stdout(`Avg RT: ${averageRt(times).toFixed(2)}\n`);
        return times.every(({ ok }) => ok) ? Exit.OK : Exit.FAILED;
      }),
  }),
};

interface Place extends MessageQueue {
  /** Of the master. */
  readonly address: string;
}

/** Queues that can be written, on that broker where one is named. @throws {AnswerError} when there is none. @throws {CallError} */
async function writable(lines: Lines, topic: string, broker?: string): Promise<Place[]> {
  const { brokers, queues } = await topicRoute(lines, topic);
  const places = queues
    .filter(({ perm, brokerName }) =>
      (perm & PERM_WRITE) !== 0 && (broker ?? brokerName) === brokerName
    )
    .flatMap(({ brokerName, writeQueueNums: length }) => {
      const address = brokers.find((each) => each.brokerName === brokerName)?.brokerAddrs.get(0);
      if (address === undefined) return [];
      return Array.from({ length }, (_, queueId) => ({ brokerName, queueId, topic, address }));
    });
  if (places.length > 0) return places;
  const where = broker === undefined ? "" : ` on "${broker}"`;
  throw new AnswerError(
    ResponseCode.NO_PERMISSION,
    `Cannot send: topic "${topic}" has no queue${where} that can be written`,
  );
}

/** That queue, else any. @throws {AnswerError} when there is no such queue. */
function queueIn(places: readonly Place[], qid: number | undefined, any: number): MessageQueue {
  const place = places.find(({ queueId }) => queueId === (qid ?? any % places.length));
  if (place !== undefined) return plainQueue(place);
  throw new AnswerError(
    ResponseCode.NO_PERMISSION,
    `Cannot send to queue ${qid}: "${places[0].brokerName}" has ${places.length} of the topic`,
  );
}

function resultText({ status, messageId, offsetMessageId, queue, queueOffset }: Sent): string {
  const { topic, brokerName, queueId } = queue;
  const place = `topic=${topic}, brokerName=${brokerName}, queueId=${queueId}`;
  return `SendResult [sendStatus=${status}, msgId=${messageId}, offsetMsgId=${offsetMessageId}, ` +
    `messageQueue=MessageQueue [${place}], queueOffset=${queueOffset}]`;
}
