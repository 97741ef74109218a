import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import type { Command } from "../../../src/wire/command.ts";
import { parseLooseJson } from "../../../src/wire/loose_json.ts";
import { test } from "../../harness.ts";
import { goldenExchanges } from "../../support/golden.ts";
import { type Asker, type Bench, bench } from "./server.ts";

const exchanges = goldenExchanges().filter(({ to }) => to === "namesrv");
const registrations = exchanges.filter(({ code, oneway }) => code === 103 && !oneway);
const orderPut = exchanges.find(({ code, request }) =>
  code === 100 && request.header.includes("ORDER_TOPIC_CONFIG")
)!;
const slave = {
  brokerId: "1",
  brokerName: "broker-a",
  brokerAddr: "127.0.0.1:20911",
  clusterName: "DefaultCluster",
  haServerAddr: "127.0.0.1:20912",
};

/** What a JSON value is made of: names and kinds, no values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, shape(v)]),
  );
}

/** The cluster of the capture: its master with all topics, and its slave, each on its connection. */
async function asCaptured(masterAt: Asker, slaveAt = masterAt): Promise<void> {
  await masterAt.ask(registrations[1].request);
  await slaveAt.request(103, slave);
}

for (const [index, { code, oneway, request, response }] of exchanges.entries()) {
  const wanted = response && JSON.parse(response.header) as Partial<Command> & {
    extFields?: Record<string, string>;
  };
  test(`request ${code} (sample ${index}) is answered as by the Java name server`, async () => {
    await using server = await bench();
    const asker = await server.dial();
    if (wanted?.code !== 17) await asCaptured(asker);
    if (code === 101 || response?.bodyText?.includes("table")) await asker.ask(orderPut.request);
    if (oneway) {
      await asker.tell(request);
      assertEquals((await asker.request(206)).opaque, 1, "the next answer is to the next request");
      return;
    }
    const answer = await asker.ask(request);
    assertEquals(answer.code, wanted!.code);
    assertEquals(answer.opaque, wanted!.opaque);
    assertEquals(Object.keys(answer.ext).sort(), Object.keys(wanted!.extFields ?? {}).sort());
    assertEquals(answer.remark === undefined, wanted!.remark === undefined);
    compareBody(code, textOf(answer.body), response!.bodyText ?? "");
  });
}

function compareBody(code: number, body: string, wanted: string): void {
  if (code === 105 || code === 106) return assertEquals(body, wanted);
  if (code === 319) {
    const keys = (text: string) => text.split("\n").map((line) => line.split("=")[0]);
    for (const key of keys(body)) assert(keys(wanted).includes(key) || key === "bindAddress", key);
    return assert(body.endsWith("\n"));
  }
  assertEquals(
    body === "" ? "" : shape(parseLooseJson(body)),
    wanted === "" ? "" : shape(parseLooseJson(wanted)),
  );
}

test("the golden exchanges hold what this file says it replays", () => {
  const codes = new Set(exchanges.map(({ code }) => code));
  assertEquals([...codes].sort((a, b) => a - b), [
    100,
    101,
    102,
    103,
    104,
    105,
    106,
    205,
    206,
    216,
    318,
    319,
    327,
  ]);
});

async function withCluster(check: (asker: Asker, server: Bench) => Promise<void>): Promise<void> {
  await using server = await bench();
  const asker = await server.dial();
  await asCaptured(asker, await server.dial());
  await check(asker, server);
}

test("103 tells a slave its master, and any broker which topics have an order", () =>
  withCluster(async (asker) => {
    await asker.request(100, { namespace: "ORDER_TOPIC_CONFIG", key: "T", value: "broker-a:4" });
    const { ext, body } = await asker.request(103, slave);
    assertEquals(ext, { haServerAddr: "127.0.0.1:10912", masterAddr: "127.0.0.1:10911" });
    assertEquals(textOf(body), '{"table":{"T":"broker-a:4"}}');
  }));

test("103 with a body that is not the one its checksum is of is answered 1 and changes nothing", () =>
  withCluster(async (asker) => {
    const [{ request }] = registrations;
    const bodyText = request.bodyText!.replace("SELF_TEST_TOPIC", "SELF_TEST_TOPIX");
    const { code, remark } = await asker.ask({ ...request, bodyText });
    assertEquals(code, 1);
    assertStringIncludes(remark!, "bodyCrc32");
    assertEquals((await asker.request(105, { topic: "SELF_TEST_TOPIX" })).code, 17);
  }));

test("105 writes bare ids to clients that may not read others", () =>
  withCluster(async (asker) => {
    const route = async (ext: Record<string, string>, version: number) =>
      textOf((await asker.request(105, { topic: "TBW102", ...ext }, "", version)).body);
    for (const version of [0, 317, 400]) assertStringIncludes(await route({}, version), '{0:"127');
    assertStringIncludes(await route({}, 401), '{"0":"127');
    assertStringIncludes(await route({ acceptStandardJsonOnly: "true" }, 317), '{"0":"127');
    assertStringIncludes(await route({ acceptStandardJsonOnly: "false" }, 317), '{0:"127');
  }));

test("105 names the topic it has no route of, and the field that is missing", () =>
  withCluster(async (asker) => {
    const unknown = await asker.request(105, { topic: "no such" });
    assertEquals([unknown.code, unknown.remark!.includes('"no such"')], [17, true]);
    const without = await asker.request(105, {});
    assertEquals([without.code, without.remark!.includes('"topic"')], [1, true]);
  }));

test("105 carries the order of a topic once that is switched on", () =>
  withCluster(async (asker) => {
    const route = async () => textOf((await asker.request(105, { topic: "TBW102" })).body);
    await asker.request(100, {
      namespace: "ORDER_TOPIC_CONFIG",
      key: "TBW102",
      value: "broker-a:8",
    });
    assert(!(await route()).includes("orderTopicConf"));
    assertEquals((await asker.request(318, {}, "orderMessageEnable=true\n")).code, 0);
    assertStringIncludes(await route(), '"orderTopicConf":"broker-a:8","queueDatas"');
    assertStringIncludes(textOf((await asker.request(319)).body), "orderMessageEnable=true\n");
  }));

test("322 says whether a broker must register, and keeps it alive when not", () =>
  withCluster(async (asker, { clock }) => {
    const version =
      JSON.parse(registrations[1].request.bodyText!).topicConfigSerializeWrapper.dataVersion;
    const ask = (ext: Record<string, string>, body: unknown) =>
      asker.request(322, { ...slave, brokerId: "0", ...ext }, JSON.stringify(body));
    const master = { brokerAddr: "127.0.0.1:10911" };
    const same = await ask(master, version);
    assertEquals([same.ext, JSON.parse(textOf(same.body))], [{ changed: "false" }, version]);
    assertEquals((await ask(master, { ...version, counter: 99 })).ext, { changed: "true" });
    const stranger = await ask({ brokerAddr: "1.2.3.4:5" }, version);
    assertEquals([stranger.ext, stranger.body.length], [{ changed: "true" }, 0]);
    for (let i = 0; i < 5; i++) {
      await clock.advance(60_000);
      assertEquals((await ask(master, version)).ext.changed, "false");
    }
    assertStringIncludes(textOf((await asker.request(106)).body), "10911");
    assert(!textOf((await asker.request(106)).body).includes("20911"), "the slave fell silent");
  }));

test("205 and 327 close and open a broker for writing", () =>
  withCluster(async (asker) => {
    const perm = async () =>
      /"perm":(\d)/.exec(textOf((await asker.request(105, { topic: "TBW102" })).body))![1];
    const { wipeTopicCount } = (await asker.request(205, { brokerName: "broker-a" })).ext;
    assertEquals([Number(wipeTopicCount) > 8, await perm()], [true, "5"]);
    const { addTopicCount } = (await asker.request(327, { brokerName: "broker-a" })).ext;
    assertEquals([addTopicCount, await perm()], [wipeTopicCount, "6"]);
    assertEquals((await asker.request(205, { brokerName: "none" })).ext, { wipeTopicCount: "0" });
  }));

test("219, 224 and 304 to 313 answer lists", () =>
  withCluster(async (asker) => {
    const body = async (code: number, ext = {}) => textOf((await asker.request(code, ext)).body);
    assertEquals((await asker.request(219, { namespace: "NS" })).code, 22);
    await asker.request(100, { namespace: "NS", key: "k", value: "v" });
    assertEquals(await body(219, { namespace: "NS" }), '{"table":{"k":"v"}}');
    assertEquals(await body(224, { cluster: "none" }), '{"topicList":[]}');
    assertStringIncludes(await body(224, { cluster: "DefaultCluster" }), '"BenchmarkTest"');
    assertEquals(
      JSON.parse(await body(304)),
      { brokerAddr: "127.0.0.1:10911", topicList: ["DefaultCluster", "broker-a"] },
    );
    for (const code of [311, 312, 313]) assertEquals(await body(code), '{"topicList":[]}');
  }));

test("216 takes a topic away", () =>
  withCluster(async (asker) => {
    assertEquals((await asker.request(216, { topic: "TBW102", clusterName: "none" })).code, 0);
    assertEquals((await asker.request(105, { topic: "TBW102" })).code, 0);
    assertEquals((await asker.request(216, { topic: "TBW102" })).code, 0);
    assertEquals((await asker.request(105, { topic: "TBW102" })).code, 17);
  }));

for (const key of ["kvConfigPath", "configStorePath", "rocketmqHome", "dataDir"]) {
  test(`318 refuses ${key}: it names a place on the machine`, () =>
    withCluster(async (asker) => {
      const text = `orderMessageEnable=true\n${key}=/tmp/x\n`;
      assertEquals((await asker.request(318, {}, text)).code, 16);
      assertStringIncludes(textOf((await asker.request(319)).body), "orderMessageEnable=false");
    }));
}

test("318 answers 1 to what it cannot read, 0 to what has no effect here", () =>
  withCluster(async (asker) => {
    assertEquals((await asker.request(318, {}, "no equals sign")).code, 1);
    assertEquals((await asker.request(318, {}, "orderMessageEnable=maybe")).code, 1);
    assertEquals((await asker.request(318, {}, "# note\nserverWorkerThreads = 9\n")).code, 0);
  }));

test("settings outlive the name server, routes do not", async () => {
  let fs;
  {
    await using first = await bench();
    fs = first.fs;
    const asker = await first.dial();
    await asCaptured(asker);
    await asker.request(100, { namespace: "NS", key: "k", value: "v" });
  }
  await using second = await bench(fs);
  const asker = await second.dial();
  assertEquals((await asker.request(101, { namespace: "NS", key: "k" })).ext, { value: "v" });
  assertEquals((await asker.request(101, { namespace: "NS", key: "x" })).code, 22);
  assertEquals((await asker.request(105, { topic: "TBW102" })).code, 17);
  await asCaptured(asker);
  assertEquals((await asker.request(105, { topic: "TBW102" })).code, 0);
});

test("a broker is forgotten when its connection closes, others stay", async () => {
  await using server = await bench();
  const [broker, other, client] = [await server.dial(), await server.dial(), await server.dial()];
  await asCaptured(broker);
  await other.request(103, slave);
  broker.close();
  await server.clock.settle();
  assertEquals(
    JSON.parse(textOf((await client.request(105, { topic: "TBW102" })).body)).brokerDatas,
    [{ brokerAddrs: { 1: "127.0.0.1:20911" }, brokerName: "broker-a", cluster: "DefaultCluster" }],
  );
  other.close();
  await server.clock.settle();
  assertEquals((await client.request(105, { topic: "TBW102" })).code, 17);
});

test("a broker that falls silent is forgotten and hung up on", async () => {
  await using server = await bench();
  const [broker, client] = [await server.dial(), await server.dial()];
  await asCaptured(broker);
  for (let i = 0; i < 13; i++) {
    await server.clock.advance(10_000);
    await client.request(206);
  }
  assertEquals((await client.request(105, { topic: "TBW102" })).code, 17);
  await broker.request(206).then(
    () => assert(false, "the connection lives"),
    () => {},
  );
});

test("a request that name servers do not know is answered 3", () =>
  withCluster(async (asker) => {
    for (const code of [10, 217, 901, 904, 99999]) {
      assertEquals((await asker.request(code)).code, 3);
    }
  }));
