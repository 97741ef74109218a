import { assertEquals } from "@std/assert";
import { textOf } from "../../src/base/bytes.ts";
import { type Client, connect } from "../../src/client/client.ts";
import type { Message } from "../../src/client/incoming.ts";
import { test } from "../harness.ts";
import { startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

/** The next message of a group, which `handle` decides about. */
async function each(
  client: Client,
  group: string,
  topic: string,
  count: number,
  handle: (message: Message, later: () => Promise<void>) => Promise<void>,
): Promise<Message[]> {
  const consumer = client.consumer({ group, topics: [{ topic }], from: "first", maxRetries: 2 });
  const seen: Message[] = [];
  for await (const message of consumer.messages) {
    seen.push(message);
    await handle(message, () => consumer.retryLater({ delayLevel: 1 }));
    if (seen.length === count) break;
  }
  return seen;
}

test("a message that our consumer gives back comes again, and is a dead letter in the end", async () => {
  using dir = tempDir();
  await using node = await startPocketmq([
    ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
    ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", dir.path, "--messageDelayLevel", "1s"],
  ]);
  await using client = connect(runtime, { namesrvAddr: node.ready.namesrv! });
  const producer = client.producer();
  await producer.send({ topic: "T", body: "bad", tag: "a", keys: ["k"] });
  await producer.send({ topic: "T", body: "good" });
  const seen = await each(
    client,
    "G",
    "T",
    4,
    ({ body }, later) => textOf(body) === "bad" ? later() : Promise.resolve(),
  );
  const bad = seen.filter(({ body }) => textOf(body) === "bad");
  assertEquals(bad.map(({ reconsumeTimes }) => reconsumeTimes), [0, 1, 2]);
  assertEquals(
    new Set(bad.map(({ topic, messageId, tag }) => `${topic} ${messageId} ${tag}`)).size,
    1,
  );
  const [dead] = await each(client, "D", "%DLQ%G", 1, () => Promise.resolve());
  assertEquals([dead.messageId, dead.reconsumeTimes, dead.topic], [bad[0].messageId, 3, "T"]);
});
