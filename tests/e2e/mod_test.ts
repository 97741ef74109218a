import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError, connect, startBroker, startNamesrv } from "../../mod.ts";
import { test } from "../harness.ts";
import { tempDir } from "../support/temp.ts";

const HOST = "127.0.0.1";

test("a program starts a name server and a broker, sends and reads", async () => {
  using dir = tempDir();
  await using namesrv = await startNamesrv({ host: HOST, port: 0 });
  const namesrvAddr = `${HOST}:${namesrv.address.port}`;
  await using broker = await startBroker({
    bindAddress: HOST,
    listenPort: 0,
    namesrvAddr,
    storePathRootDir: dir.path,
    more: { traceTopicEnable: true },
  });
  assertEquals([broker.role, broker.broker.host], ["ASYNC_MASTER", HOST]);
  await using client = await connect({ namesrvAddr });
  const sent = await client.producer().send({ topic: "greetings", body: "hello", tag: "a" });
  assertEquals(sent.status, "SEND_OK");
  const options = { group: "g", topics: [{ topic: "greetings" }], from: "first" } as const;
  for await (const message of client.consumer(options).messages) {
    assertEquals([new TextDecoder().decode(message.body), message.tag], ["hello", "a"]);
    break;
  }
  const ahead = await client.ahead({ ...options, group: "another" });
  assertEquals(ahead.reduce((sum, { begin, end }) => sum + end - begin, 0), 1);
});

test("startBroker() refuses an option before it opens anything", async () => {
  const error = await assertRejects(() => startBroker({ brokerIP1: "1.2.3" }), ConfigError);
  assertEquals(error.message.slice(0, 29), "Cannot use brokerIP1 = 1.2.3 ");
});
