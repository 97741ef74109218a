/** Our client on a cluster that is all Java: name server, SYNC_MASTER and slave. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { textOf } from "../../src/base/bytes.ts";
import { type Facts, type Log, silentLog } from "../../src/base/log.ts";
import { type Client, connect } from "../../src/client/client.ts";
import type { Consumer } from "../../src/client/consumer.ts";
import { AnswerError } from "../../src/client/errors.ts";
import type { Message } from "../../src/client/incoming.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { within } from "./processes.ts";
import { sharedTrio } from "./suite.ts";
import type { Trio } from "./trio.ts";

const cluster = sharedTrio({ namesrv: "java", master: "java", slave: "java" });
const QUEUES = 4;

/** Runs a check with a client of its own. */
function withClient(check: (client: Client, trio: Trio) => Promise<void>): () => Promise<void> {
  return async () => {
    const trio = await cluster();
    const said: string[] = [];
    const namesrvAddr = trio.node("namesrv").address;
    await using client = connect(runtime, { namesrvAddr, log: logInto(said) });
    await check(client, trio).catch((error) => {
      const story = [error.message, ...said.slice(-20), trio.said()].join("\n");
      throw new Error(story, { cause: error });
    });
  };
}

function logInto(lines: string[]): Log {
  const say = (message: string, facts?: Facts) =>
    void lines.push(`${new Date().toISOString()} ${message} ${JSON.stringify(facts ?? {})}`);
  const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log };
  return log;
}

/** Reads `count` messages, each within `seconds`; the last counts as handled. */
async function read(consumer: Consumer, count: number, seconds = 30): Promise<Message[]> {
  const reader = consumer.messages.getReader();
  const messages: Message[] = [];
  try {
    while (messages.length < count) {
      const { value } = await within(
        seconds,
        `message ${messages.length + 1} of ${count}`,
        reader.read(),
      );
      messages.push(value!);
    }
    consumer.ack();
    return messages;
  } finally {
    reader.releaseLock();
  }
}

const texts = (messages: readonly Message[]) => messages.map(({ body }) => textOf(body));
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${from + i}`);

/** A 4.9 slave speaks late; until then a SYNC_MASTER stores and says that it has no slave. */
async function inSync(client: Client): Promise<void> {
  const producer = client.producer();
  await eventually(async () => {
    const { status } = await producer.send({ topic: "oc-ready", body: "" });
    return status === "SEND_OK";
  }, "the slave confirms a send");
}

/** Sends numbers from `from` up to `to`, in turn over the queues. */
async function sendRange(client: Client, topic: string, from: number, to: number): Promise<void> {
  const producer = client.producer();
  for (const body of range(from, to)) await producer.send({ topic, body });
}

test(
  "our client creates a topic on a Java cluster by sending, and reads what it sent",
  withClient(async (client) => {
    const producer = client.producer();
    await inSync(client);
    const sent = await producer.send({
      topic: "oc-all",
      body: "0",
      tag: "a",
      keys: ["k1", "k2"],
      properties: { own: "x" },
    });
    assertEquals(sent.status, "SEND_OK");
    const big = "big ".repeat(5_000);
    await producer.send({ topic: "oc-all", body: big, tag: "a" });
    const batch = await producer.sendBatch([
      { topic: "oc-all", body: "b0", tag: "a", keys: ["kb"] },
      { topic: "oc-all", body: "b1", tag: "b" },
    ]);
    assertEquals(batch[1].queueOffset, batch[0].queueOffset + 1);
    await producer.sendOneway({ topic: "oc-all", body: "one way" });
    const consumer = client.consumer({
      group: "oc-all",
      topics: [{ topic: "oc-all" }],
      from: "first",
    });
    const messages = await read(consumer, 5);
    assertEquals(new Set(texts(messages)), new Set(["0", big, "b0", "b1", "one way"]));
    const first = messages.find(({ body }) => textOf(body) === "0")!;
    assertEquals([first.tag, first.keys, first.properties.get("own")], ["a", ["k1", "k2"], "x"]);
    const last = messages.find(({ body }) => textOf(body) === "b1")!;
    assertEquals(
      [last.tag, last.messageId, last.offsetMessageId, last.queueOffset],
      ["b", batch[1].messageId, batch[1].offsetMessageId, batch[1].queueOffset],
    );
    assertEquals(messages.filter(({ problem }) => problem !== undefined), []);
  }),
);

test(
  "our client's tag filter is the Java broker's, and its group goes on where it stopped",
  withClient(async (client) => {
    const producer = client.producer();
    for (let i = 0; i < 40; i++) {
      await producer.send({ topic: "oc-tags", body: `${i}`, tag: "abcd"[i % 4] });
    }
    const options = {
      group: "oc-tags",
      topics: [{ topic: "oc-tags", expression: "a || c" }],
      from: "first",
    } as const;
    const wanted = new Set(
      range(0, 40).filter((i) => Number(i) % 2 === 0),
    );
    const seen: string[] = [];
    for (const part of [8, 12]) {
      const consumer = client.consumer(options);
      seen.push(...texts(await read(consumer, part)));
      await consumer.close();
    }
    assertEquals(seen.length, wanted.size);
    assertEquals(new Set(seen), wanted);
  }),
);

test(
  "our client hears why a Java broker refuses its SQL92 subscription",
  withClient(async (client) => {
    await client.producer().send({ topic: "oc-sql", body: "", properties: { own: "x" } });
    const consumer = client.consumer({
      group: "oc-sql",
      topics: [{ topic: "oc-sql", expression: "own = 'x'", type: "SQL92" }],
      from: "first",
    });
    // enablePropertyFilter is off in this cluster
    const { code } = await assertRejects(() => read(consumer, 1), AnswerError, "SQL92");
    assertEquals(code, 1);
  }),
);

test(
  "two of our clients share the queues of a Java broker, and the one that stays gets all",
  withClient(async (one, trio) => {
    await sendRange(one, "oc-share", 0, 2 * QUEUES);
    await using two = connect(runtime, { namesrvAddr: trio.node("namesrv").address });
    const topics = [{ topic: "oc-share" }];
    const seen = new Map<string, Set<number>>([["one", new Set()], ["two", new Set()]]);
    const handled: string[] = [];
    const join = (client: Client, name: string) => {
      const consumer = client.consumer({ group: "oc-share", topics, from: "first" });
      const reading = (async () => {
        for await (const message of consumer.messages) {
          seen.get(name)!.add(message.queueId);
          handled.push(textOf(message.body));
        }
      })();
      return { consumer, reading };
    };
    const first = join(one, "one");
    await eventually(() => handled.length === 2 * QUEUES, "the first member reads everything");
    assertEquals(seen.get("one")!.size, QUEUES);
    const second = join(two, "two");
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // request 40 and the new share
    let sent = 100;
    await eventually(async () => { // which can take longer
      for (const queues of seen.values()) queues.clear();
      const from = sent;
      sent += 4 * QUEUES;
      const these = range(from, sent);
      await sendRange(one, "oc-share", from, sent);
      await eventually(() => these.every((n) => handled.includes(n)), "both read everything");
      const [ones, twos] = [...seen.values()];
      return ones.size === QUEUES / 2 && twos.size === QUEUES / 2 && ones.isDisjointFrom(twos);
    }, "each has half of the queues");
    await first.consumer.close();
    await sendRange(two, "oc-share", sent, sent + 2 * QUEUES);
    await eventually(
      () => range(sent, sent + 2 * QUEUES).every((n) => handled.includes(n)),
      "the second reads all queues",
    );
    assertEquals(seen.get("two")!.size, QUEUES);
    await second.consumer.close();
    await Promise.all([first.reading, second.reading]);
    assertEquals(handled.filter((n, i) => handled.indexOf(n) !== i), [], "handled twice");
  }),
);

test(
  "our client reads a time or the end of a Java broker's queues",
  withClient(async (client) => {
    await sendRange(client, "oc-from", 0, 8);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const time = Date.now();
    await sendRange(client, "oc-from", 8, 16);
    const topics = [{ topic: "oc-from" }];
    const late = client.consumer({ group: "oc-from-time", topics, from: time, mode: "broadcast" });
    assertEquals(new Set(texts(await read(late, 8))), new Set(range(8, 16)));
    await late.close();
    const end = client.consumer({ group: "oc-from-end", topics, from: "last", mode: "broadcast" });
    const reading = read(end, 4);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await sendRange(client, "oc-from", 16, 20);
    assertEquals(new Set(texts(await reading)), new Set(range(16, 20)));
  }),
);

test(
  "our client says what a Java broker refused",
  withClient(async (client) => {
    const producer = client.producer();
    const error = await assertRejects(
      () => producer.send({ topic: "oc bad!", body: "" }),
      AnswerError,
    );
    assertEquals(error.code, 1);
    const body = new Uint8Array(5 * 1024 * 1024);
    crypto.getRandomValues(body.subarray(0, 65_536));
    for (let at = 65_536; at < body.length; at += 65_536) {
      crypto.getRandomValues(body.subarray(at, at + 65_536));
    }
    assertEquals(
      (await assertRejects(() => producer.send({ topic: "oc-all", body }), AnswerError)).code,
      13,
    );
  }),
);

test(
  "our client gives a message back to a Java broker, and gets it again",
  withClient(async (client) => {
    await inSync(client);
    await sendRange(client, "oc-again", 0, 2);
    const topics = [{ topic: "oc-again" }];
    const consumer = client.consumer({ group: "oc-again", topics, from: "first", maxRetries: 1 });
    const seen: string[] = [];
    for await (const message of consumer.messages) {
      const text = textOf(message.body);
      seen.push(`${text} ${message.reconsumeTimes}`);
      if (text === "1") await consumer.retryLater({ delayLevel: 1 });
      if (seen.length === 3) break;
    }
    assertEquals(seen.sort(), ["0 0", "1 0", "1 1"]);
    const dead = client.consumer({
      group: "oc-dead-letters",
      topics: [{ topic: "%DLQ%oc-again" }],
      from: "first",
    });
    const [letter] = await read(dead, 1);
    assertEquals([textOf(letter.body), letter.topic, letter.reconsumeTimes], ["1", "oc-again", 2]);
    await dead.close();
  }),
);

test(
  "our client reads on from a Java slave when the master is killed, and sends again when it is back",
  withClient(async (client, trio) => {
    await inSync(client);
    await sendRange(client, "oc-dead", 0, 40);
    const consumer = client.consumer({
      group: "oc-dead",
      topics: [{ topic: "oc-dead" }],
      from: "first",
    });
    const seen = texts(await read(consumer, 10));
    await eventually(() => slaveHas(trio, "oc-dead"), "the slave copies the topic");
    await trio.node("master").end("SIGKILL");
    seen.push(...texts(await read(consumer, 30, 60)));
    assertEquals(new Set(seen), new Set(range(0, 40)));
    await consumer.close();
    const slaveOnly = client.consumer({
      group: "oc-dead-2",
      topics: [{ topic: "oc-dead" }],
      from: "first",
    });
    assertEquals(new Set(texts(await read(slaveOnly, 40, 60))), new Set(range(0, 40)));
    await slaveOnly.close();
    await assertRejects(() => client.producer().send({ topic: "oc-dead", body: "" }), Error);
    await trio.start("master", "java");
    await eventually(async () => {
      const sent = await client.producer().send({ topic: "oc-dead", body: "back" }).catch(() =>
        undefined
      );
      return sent !== undefined;
    }, "a send to the master that is back");
  }),
);

test("the cluster of our client's tests ends", async () => {
  const trio = await cluster();
  await trio.close();
});

/** True once the slave knows a topic; a Java slave copies the table every 10 s. */
async function slaveHas(trio: Trio, topic: string): Promise<boolean> {
  const redial = new Redial(runtime, silentLog);
  try {
    const request = { code: RequestCode.GET_ALL_TOPIC_CONFIG };
    const answer = await redial.call(trio.node("slave").address, request, 5_000);
    return textOf(answer.body).includes(`"${topic}"`);
  } finally {
    redial.close();
  }
}

async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = Date.now() + 90_000;
  while (!(await holds())) {
    assert(Date.now() < until, `not within 90 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
