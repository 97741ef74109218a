/** Transactions and requests of our client on Java's broker, and requests between our client and Java's on both. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Client, connect } from "../../src/client/client.ts";
import type { Message } from "../../src/client/incoming.ts";
import type { Decision } from "../../src/client/transaction_producer.ts";
import { test } from "../harness.ts";
import { patiently } from "../support/patience.ts";
import { runtime } from "../support/runtime.ts";
import { startScenarios } from "./java.ts";
import { StoreLab } from "./store/lab.ts";
import { lazily } from "./suite.ts";

const CONFIG = { transactionTimeOut: 1_000, transactionCheckInterval: 2_000 };
const SETTINGS = ["-Drocketmq.client.rebalance.waitInterval=1000"];
const textOf = ({ body }: Message): string => new TextDecoder().decode(body);

for (const by of ["java", "ours"] as const) {
  const whose = by === "java" ? "Java's broker" : "our broker";
  const shared = lazily(async () => {
    const lab = await StoreLab.start();
    const broker = lab.broker(by, "master", by, CONFIG);
    await broker.start();
    return { lab, broker };
  });
  const withClient = (body: (client: Client, lab: StoreLab) => Promise<void>) => async () => {
    const { lab, broker } = await shared();
    await using client = connect(runtime, { namesrvAddr: lab.namesrv });
    await body(client, lab).catch((error) => {
      throw new Error(`${error}\n${broker.said()}`, { cause: error });
    });
  };

  test(
    `our client's transactions on ${whose}: told, asked for, and taken over`,
    withClient(async (client, lab) => {
      const asked: string[] = [];
      const check = (message: Message): Decision => {
        asked.push(textOf(message));
        return textOf(message).endsWith("rollback") ? "rollback" : "commit";
      };
      {
        await using dying = connect(runtime, { namesrvAddr: lab.namesrv });
        const other = dying.transactionProducer({ group: "oc-tx", check: () => "unknown" });
        await other.prepare({ topic: "oc-tx", body: "left commit" });
      }
      const producer = client.transactionProducer({ group: "oc-tx", check, topics: ["oc-tx"] });
      const send = (body: string, decision: Decision) =>
        producer.send({ topic: "oc-tx", body, keys: ["k"] }, () => decision);
      for (let n = 0; n < 5; n++) {
        await send(`${n} told`, "commit");
        await send(`${n} forgotten`, "rollback");
      }
      await send("later commit", "unknown");
      await send("later rollback", "unknown");
      const got: string[] = [];
      const { messages } = client.consumer({
        group: "oc-tx-c",
        topics: [{ topic: "oc-tx" }],
        from: "first",
      });
      (async () => {
        for await (const message of messages) got.push(textOf(message));
      })();
      const wanted = [
        "0 told",
        "1 told",
        "2 told",
        "3 told",
        "4 told",
        "later commit",
        "left commit",
      ];
      await patiently(() => `came: ${got}; asked: ${asked}`, () => got.length >= wanted.length);
      await patiently(() => `asked: ${asked}`, () => asked.includes("later rollback"));
      await new Promise((resolve) => setTimeout(resolve, 4_500));
      assertEquals(got.sort(), wanted);
    }),
  );

  test(
    `our client asks and answers itself on ${whose}`,
    withClient(async (client, lab) => {
      await using server = connect(runtime, { namesrvAddr: lab.namesrv });
      await serve(server, "oc-ask", 4);
      const producer = client.producer({ group: "oc-askers" });
      for (const body of ["a", "b", "c"]) {
        const answer = await producer.request({ topic: "oc-ask", body }, 20_000);
        assertEquals(textOf(answer), `re: ${body}`);
      }
    }),
  );

  test(
    `Java's client answers ours, and ours answers Java's, on ${whose}`,
    withClient(async (client, lab) => {
      const program = startScenarios({
        namesrv: lab.namesrv,
        run: "oc",
        home: join(lab.home, "java"),
        scenarios: ["serveRequests", "requestServed"],
        settings: SETTINGS,
      });
      await serve(client, "oc-served", 5);
      const producer = client.producer({ group: "oc-askers" });
      const served = program.line("serveRequests");
      const answers: string[] = [];
      await patiently(() => `answers: ${answers}`, async () => {
        const body = `n${answers.length}`;
        const asked = producer.request({ topic: "oc-serve", body }, 5_000);
        const answer = await asked.then(textOf, () => undefined);
        if (answer === `re: ${body}`) answers.push(answer);
        return answers.length === 5;
      });
      for (const line of [await served, await program.line("requestServed")]) {
        assert(line.ok, `${line.scenario}: ${line.error}`);
      }
    }),
  );

  test(`the nodes of our client's tests on ${whose} end`, async () => {
    await (await shared()).lab[Symbol.asyncDispose]();
  });
}

/** Answers what is asked in a topic; the first message that makes it is no request. */
async function serve(client: Client, topic: string, queues: number): Promise<void> {
  const producer = client.producer({ group: `${topic}-server` });
  for (let n = 0; n < queues; n++) await producer.send({ topic, body: "first" });
  const { messages } = client.consumer({ group: `${topic}-c`, topics: [{ topic }], from: "first" });
  (async () => {
    for await (const message of messages) {
      if (!message.properties.has("CORRELATION_ID")) continue;
      await producer.reply(message, { body: `re: ${textOf(message)}` });
    }
  })();
}
