/** Transactions and requests by the library, on a broker in this process. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AnswerError,
  CallError,
  type Client,
  connect,
  type Decision,
  type Message,
  startBroker,
  startNamesrv,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { patiently } from "../support/patience.ts";
import { tempDir } from "../support/temp.ts";

const HOST = "127.0.0.1";

interface Lab {
  readonly namesrvAddr: string;
  readonly client: Client;
}

/** Runs `body` with a name server, a broker that asks soon, and a client. */
async function withBroker(body: (lab: Lab) => Promise<void>): Promise<void> {
  using dir = tempDir();
  await using namesrv = await startNamesrv({ host: HOST, port: 0 });
  const namesrvAddr = `${HOST}:${namesrv.address.port}`;
  await using _ = await startBroker({
    bindAddress: HOST,
    listenPort: 0,
    namesrvAddr,
    storePathRootDir: dir.path,
    more: { transactionTimeOut: 200, transactionCheckInterval: 300 },
  });
  await using client = await connect({ namesrvAddr });
  await body({ namesrvAddr, client });
}

const textOf = ({ body }: Pick<Message, "body">): string => new TextDecoder().decode(body);

/** Reads a topic from its first message on, into a list. */
function reading(client: Client, topic: string, group = `g-${topic}`): string[] {
  const texts: string[] = [];
  const { messages } = client.consumer({ group, topics: [{ topic }], from: "first" });
  (async () => {
    for await (const message of messages) texts.push(textOf(message));
  })();
  return texts;
}

test("a transactional producer's messages are delivered when its work says so", () =>
  withBroker(async ({ client }) => {
    const asked: string[] = [];
    const producer = client.transactionProducer({
      group: "orders",
      check: (message): Decision => {
        asked.push(`${message.topic} ${message.brokerName} ${message.keys} ${textOf(message)}`);
        return ["crashed", "yes"].includes(textOf(message)) ? "commit" : "rollback";
      },
    });
    const send = (body: string, work: () => Decision) =>
      producer.send({ topic: "tx", body, keys: [body], tag: "a" }, work);
    const sent = await send("yes", () => "commit");
    assertEquals([sent.decision, sent.status], ["commit", "SEND_OK"]);
    await send("no", () => "rollback");
    await send("unknown", () => "unknown");
    await assertRejects(
      () =>
        send("crashed", () => {
          throw new Error("the work broke");
        }),
      Error,
      "the work broke",
    );
    const texts = reading(client, "tx");
    const wanted = ["tx broker-a crashed crashed", "tx broker-a unknown unknown"];
    // on a busy machine the others may take so long that they are asked for, too
    await patiently(() => `asked: ${asked}`, () => wanted.every((each) => asked.includes(each)));
    await patiently("not all came", () => texts.length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 700)); // two more rounds of questions
    assertEquals(texts.sort(), ["crashed", "yes"]);
  }));

test("a prepared message is committed once, and a second word is refused", () =>
  withBroker(async ({ client }) => {
    const producer = client.transactionProducer({ group: "g", check: () => "unknown" });
    const prepared = await producer.prepare({ topic: "tx", body: "once" });
    await prepared.commit();
    await assertRejects(() => prepared.rollback(), AnswerError, "it has ended before");
    await assertRejects(
      () => producer.prepare({ topic: "tx", body: "", delayLevel: 1 }),
      Error,
      "delay",
    );
    const texts = reading(client, "tx");
    await patiently("it did not come", () => texts.length === 1);
  }));

test("a new producer of the group is asked about what one that is gone left open", () =>
  withBroker(async ({ client, namesrvAddr }) => {
    {
      await using dying = await connect({ namesrvAddr });
      const producer = dying.transactionProducer({ group: "g", check: () => "unknown" });
      await producer.prepare({ topic: "tx", body: "left" });
    }
    client.transactionProducer({ group: "g", check: () => "commit", topics: ["tx"] });
    const texts = reading(client, "tx");
    await patiently("it did not come", () => texts.length === 1);
    assertEquals(texts, ["left"]);
  }));

test("a check that fails is asked again", () =>
  withBroker(async ({ client }) => {
    let times = 0;
    const producer = client.transactionProducer({
      group: "g",
      check: () => {
        times++;
        if (times === 1) throw new Error("no database yet");
        return "commit";
      },
    });
    await producer.prepare({ topic: "tx", body: "left" });
    const texts = reading(client, "tx");
    await patiently("it did not come", () => texts.length === 1);
    assertEquals(times, 2);
  }));

test("a request is answered by a consumer of another client", () =>
  withBroker(async ({ client, namesrvAddr }) => {
    await using server = await connect({ namesrvAddr });
    await server.producer({ group: "server" }).send({ topic: "ask", body: "first" });
    const { messages } = server.consumer({
      group: "servers",
      topics: [{ topic: "ask" }],
      from: "first",
    });
    (async () => {
      for await (const message of messages) {
        if (textOf(message) === "first" || textOf(message) === "silence") continue;
        const body = `re: ${textOf(message)} ${"x".repeat(5_000)}`; // long enough to be packed
        await server.producer({ group: "server" }).reply(message, { body, tag: "t" });
      }
    })();
    const producer = client.producer({ group: "askers" });
    const answers = await Promise.all(
      ["a", "b", "c"].map((body) => producer.request({ topic: "ask", body }, 20_000)),
    );
    assertEquals(answers.map((each) => textOf(each).slice(0, 6)), ["re: a ", "re: b ", "re: c "]);
    assertEquals(answers.map(({ body, tag }) => [body.length, tag]), Array(3).fill([5_006, "t"]));
    const error = await assertRejects(
      () => producer.request({ topic: "ask", body: "silence" }, 300),
      CallError,
      "within 300 ms",
    );
    assertEquals(error.kind, "timeout");
  }));

test("an answer to what is no request, or to who is gone, is refused", () =>
  withBroker(async ({ client, namesrvAddr }) => {
    const got: Message[] = [];
    const { messages } = client.consumer({ group: "g", topics: [{ topic: "t" }], from: "first" });
    (async () => {
      for await (const message of messages) got.push(message);
    })();
    const producer = client.producer({ group: "p" });
    await producer.send({ topic: "t", body: "plain" });
    {
      await using leaver = await connect({ namesrvAddr });
      await leaver.producer({ group: "q" }).request({ topic: "t", body: "bye" }, 200).catch(
        () => {},
      );
    }
    await patiently("not all came", () => got.length === 2);
    const by = (text: string) => got.find((message) => textOf(message) === text)!;
    await assertRejects(() => producer.reply(by("plain"), { body: "" }), AnswerError, "no request");
    await assertRejects(
      () => producer.reply(by("bye"), { body: "" }),
      AnswerError,
      "no such producer",
    );
    assert(by("bye").properties.has("CORRELATION_ID"));
  }));
