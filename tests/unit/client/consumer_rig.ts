import type { Consumer } from "../../../src/client/consumer.ts";
import type { Message } from "../../../src/client/incoming.ts";
import type { FakeBroker } from "./fake_broker.ts";
import { type FakeCluster, textIn } from "./fake_cluster.ts";

export const G = { group: "G", topics: [{ topic: "T" }] };

/** The next `count` messages' texts; the last of them stays unhandled. */
export async function read(
  reader: ReadableStreamDefaultReader<Message>,
  count: number,
): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(textIn((await reader.read()).value!));
  return texts;
}

/** A cluster of one broker that holds messages 0, 1, 2… in each queue of T. */
export async function oneBroker(cluster: FakeCluster, queues = 1, each = 5): Promise<FakeBroker> {
  await cluster.namesrv();
  const broker = await cluster.broker("a", { T: queues });
  for (let queueId = 0; queueId < queues; queueId++) {
    for (let n = 0; n < each; n++) broker.put("T", queueId, `${queueId}.${n}`);
  }
  return broker;
}

export async function closed(cluster: FakeCluster, consumer: Consumer): Promise<void> {
  const closing = consumer.close();
  await cluster.clock.advance(0);
  await closing;
}
