import { assert, assertEquals } from "@std/assert";
import { textOf } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { type Client, connect } from "../../src/client/client.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { parseClusterInfo } from "../../src/wire/route.ts";
import { runtime } from "./runtime.ts";

const TOPIC = "TwoT";

/** Waits until this one name server has the broker; gives the time that took. */
export async function hasBroker(address: string): Promise<number> {
  const redial = new Redial(runtime, silentLog);
  const began = Date.now();
  try {
    for (;;) {
      assert(Date.now() - began < 20_000, `${address} has no broker after 20 s`);
      const { body } = await redial.call(
        address,
        { code: RequestCode.GET_BROKER_CLUSTER_INFO },
        3_000,
      );
      if (parseClusterInfo(body).brokers.length > 0) return Date.now() - began;
      await after(20);
    }
  } finally {
    redial.close();
  }
}

/** A client at work. */
export interface Traffic {
  /** Ends it; gives how many were sent and which of them were not read. @throws {Error} when a send failed. */
  end(): Promise<{ sent: number; missing: string[] }>;
}

/** Sends and reads all the time. */
export function trafficOf(client: Client): Traffic {
  const stop = new AbortController();
  const sent: string[] = [];
  const read = new Set<string>();
  const producer = client.producer();
  const sending = (async () => {
    for (let i = 0; !stop.signal.aborted; i++) {
      await producer.send({ topic: TOPIC, body: `${i}` }); // a send that fails ends it all
      sent.push(`${i}`);
      await after(5);
    }
  })();
  sending.catch(() => {}); // `end` tells it
  const consumer = client.consumer({ group: "two", topics: [{ topic: TOPIC }], from: "first" });
  const reading = (async () => {
    for await (const message of consumer.messages) read.add(textOf(message.body));
  })();
  reading.catch(() => {});
  return {
    async end() {
      stop.abort();
      await sending;
      const missing = () => sent.filter((body) => !read.has(body));
      for (let i = 0; i < 200 && missing().length > 0; i++) await after(100);
      const left = missing();
      await consumer.close();
      await reading;
      return { sent: sent.length, missing: left };
    },
  };
}

/** What a client that starts now can do: send to the topic, and make one. */
export async function newClientServes(namesrvAddr: string, name: string): Promise<void> {
  await using client = connect(runtime, { namesrvAddr });
  const producer = client.producer();
  for (const topic of [TOPIC, `New-${name.replaceAll(/\W+/g, "-")}`]) {
    assertEquals((await producer.send({ topic, body: `new ${name}` })).status, "SEND_OK", name);
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
