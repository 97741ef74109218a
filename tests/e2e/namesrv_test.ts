import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { textOf } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { connect } from "../../src/client/client.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import type { Command, HeaderForm, Request } from "../../src/wire/command.ts";
import { formatRegistration, formatUnregistration } from "../../src/wire/registration.ts";
import { parseClusterInfo, parseRoute } from "../../src/wire/route.ts";
import { test } from "../harness.ts";
import { type Pocketmq, startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";

const node = { brokerAddr: "127.0.0.1:1", brokerId: 0, brokerName: "a", clusterName: "C" };
const registration = formatRegistration({
  ...node,
  haServerAddr: "127.0.0.1:2",
  dataVersion: { counter: 1, timestamp: 2 },
  topics: new Map([["T", {
    order: false,
    perm: 6,
    readQueueNums: 4,
    topicFilterType: "SINGLE_TAG",
    topicName: "T",
    topicSysFlag: 0,
    writeQueueNums: 4,
  }]]),
}, runtime.codecs);
const routeOf = (topic: string): Request => ({
  code: RequestCode.GET_ROUTEINFO_BY_TOPIC,
  ext: { topic },
});

/** A name server process whose settings lie in `dir`. */
function namesrv(dir: string, port = 0): Promise<Pocketmq> {
  const kvConfigPath = join(dir, "kvConfig.json");
  return startPocketmq(["--namesrv", "--listenPort", String(port), "--kvConfigPath", kvConfigPath]);
}

/** One connection to a name server, closed at the end of the block. */
function line({ ready }: Pocketmq, form: HeaderForm = "json") {
  const redial = new Redial(runtime, silentLog, undefined, form);
  return {
    ask: (request: Request): Promise<Command> => redial.call(ready.namesrv!, request, 5_000),
    [Symbol.dispose]: () => redial.close(),
  };
}

async function eventually(holds: () => Promise<boolean>, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await holds())) {
    assert(Date.now() < until, `not so within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const form of ["json", "binary"] as const) {
  test(`a name server answers requests with ${form} headers`, async () => {
    using dir = tempDir();
    await using server = await namesrv(dir.path);
    using broker = line(server, form);
    assertEquals((await broker.ask(registration)).code, 0);
    const route = await broker.ask(routeOf("T"));
    assertEquals([route.form, route.code], [form, 0]);
    assertEquals(parseRoute(route.body).queues[0].writeQueueNums, 4);
    const { brokers } = parseClusterInfo((await broker.ask({ code: 106 })).body);
    assertEquals(brokers[0].brokerAddrs, new Map([[0, "127.0.0.1:1"]]));
    assertEquals((await broker.ask(formatUnregistration(node))).code, 0);
    assertEquals((await broker.ask(routeOf("T"))).code, 17);
    assertEquals((await broker.ask({ code: 12345 })).code, 3);
    assertEquals(await server.stop(), 0);
  });
}

test("a broker whose connection ends is forgotten at once", async () => {
  using dir = tempDir();
  await using server = await namesrv(dir.path);
  using client = line(server);
  {
    using broker = line(server);
    await broker.ask(registration);
    assertEquals((await client.ask(routeOf("T"))).code, 0);
  }
  await eventually(async () => (await client.ask(routeOf("T"))).code === 17, 2_000);
});

test("settings outlive kill -9, for whoever was told that they are kept", async () => {
  using dir = tempDir();
  const put = (key: string) => ({ code: 100, ext: { namespace: "NS", key, value: `v ${key}` } });
  {
    await using server = await namesrv(dir.path);
    using admin = line(server);
    for (let i = 0; i < 20; i++) assertEquals((await admin.ask(put(`k${i}`))).code, 0);
    await server.kill("SIGKILL");
  }
  await using server = await namesrv(dir.path);
  using admin = line(server);
  const { table } = JSON.parse(
    textOf((await admin.ask({ code: 219, ext: { namespace: "NS" } })).body),
  );
  assertEquals([Object.keys(table).length, table.k19], [20, "v k19"]);
});

test("a name server that comes back empty is filled again by its brokers, and clients go on", async () => {
  using dir = tempDir();
  await using one = await namesrv(join(dir.path, "one"));
  await using two = await namesrv(join(dir.path, "two"));
  const namesrvAddr = `${one.ready.namesrv};${two.ready.namesrv}`;
  await using _broker = await startPocketmq([
    "--master",
    ...["--listenPort", "0", "--brokerIP1", "127.0.0.1", "--namesrvAddr", namesrvAddr],
    ...["--storePathRootDir", join(dir.path, "store")],
  ]);
  await using client = connect(runtime, { namesrvAddr });
  const producer = client.producer();
  await producer.send({ topic: "T", body: "1" });
  await one.kill("SIGKILL");
  await producer.send({ topic: "U", body: "2" }); // a topic whose route only the other one can tell
  await using again = await namesrv(
    join(dir.path, "one"),
    Number(one.ready.namesrv!.split(":")[1]),
  );
  using asker = line(again);
  await eventually(async () => (await asker.ask(routeOf("U"))).code === 0, 10_000);
  await two.kill("SIGKILL");
  await producer.send({ topic: "V", body: "3" });
  const topics = ["T", "U", "V"].map((topic) => ({ topic }));
  const consumer = client.consumer({ group: "G", topics, from: "first" });
  const bodies = new Set<string>();
  for await (const message of consumer.messages) {
    bodies.add(textOf(message.body));
    if (bodies.size === 3) break;
  }
  assertEquals(bodies, new Set(["1", "2", "3"]));
});
