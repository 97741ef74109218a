/** `pocketmq message`, `send` and `consume` */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { formatTrace } from "../../../src/wire/trace.ts";
import { onBoth } from "./clusters.ts";

onBoth(
  "pocketmq message sends with all there is, finds it by id and key, and traces it",
  async (lab) => {
    const { out, fails, run } = lab;
    await out("topic create cli-message --queues 4");
    const words = ["message", "send", "cli-message", "grüße", "--tag", "new", "--key", "k1 k2"];
    const more = ["--property", "kind=gift", "--property", "of=a=b", "--queue", "2", "--json"];
    const { code, stdout, stderr } = await run([...words, ...more]);
    assertEquals(code, 0, stderr);
    const sent = JSON.parse(stdout);
    assertEquals([sent.status, sent.queueId, sent.queueOffset], ["SEND_OK", 2, 0]);

    const got = JSON.parse(await out(`message get ${sent.offsetMessageId} --json`));
    assertEquals([got.body, got.tag, got.keys], ["grüße", "new", ["k1", "k2"]]);
    assertEquals([got.properties.kind, got.properties.of], ["gift", "a=b"]);
    const onSlave = await out(`message get ${sent.offsetMessageId} -b ${lab.slave}`);
    assertMatch(onSlave, /\n\ngrüße\n$/);
    assertMatch(await out(`message get ${sent.messageId} --topic cli-message`), /\ntag +new\n/);
    assertMatch(
      await out("message query cli-message --key k2"),
      / 2 +0 +new +k1 k2 +[0-9A-F]{32}\n$/,
    );
    await fails(1, "message query cli-message --key k3");
    assertStringIncludes(await fails(1, "message send cli-mesage x --queue 1"), '"cli-message"?');
    assertStringIncludes(await fails(2, "message send cli-message x --queue 7"), "has no queue 7");

    const order = (await out("message send cli-message x --order 4711 --count 3 --json")).trim();
    const places = order.split("\n").map((line) => JSON.parse(line));
    assertEquals(new Set(places.map(({ queueId }) => queueId)).size, 1);
    assertEquals(places.map(({ queueOffset }) => queueOffset - places[0].queueOffset), [0, 1, 2]);

    const none = await fails(1, `message trace ${sent.messageId}`);
    assertStringIncludes(none, "with --topic, brokers tell which groups consumed it");
    assertEquals(
      await out(`message trace ${sent.messageId} --topic cli-message`),
      "No group reads its topic.\n",
    );
    for (const [group, to] of [["cli-past", "last"], ["cli-not-yet", "first"]]) {
      await out(`group create ${group}`);
      await out(`offset set ${group} cli-message --to ${to} --queue 2`);
    }
    assertEquals(
      await out(`message trace ${sent.messageId} --topic cli-message`),
      "GROUP        BY ITS OFFSETS\n" +
        "cli-not-yet  has not come to it, and nobody is online\n" +
        "cli-past     is past it; nobody is online\n",
    );
    const time = Date.now();
    const about = { messageId: sent.messageId, time, region: "DefaultRegion", keys: "k1 k2" };
    const notes = formatTrace([{
      ...{ ...about, kind: "Pub", group: "cli-shop", topic: "cli-message", tags: "new", ok: true },
      ...{ storeHost: lab.master, bodyBytes: 7, costMs: 9, messageType: "Normal_Msg" },
      offsetMessageId: sent.offsetMessageId,
    }]);
    const producer = lab.client().producer();
    await producer.send({ topic: "RMQ_SYS_TRACE_TOPIC", body: notes, keys: [sent.messageId] });
    const trace = await out(`message trace ${sent.offsetMessageId}`);
    assertMatch(trace, /\n20\S+ +sent +cli-shop +\S+ +9 ms +stored at 127\S+\n\nGROUP +BY/);
  },
);

onBoth("pocketmq message send --delay delivers later", async ({ out }) => {
  await out("topic create cli-delay --queues 1");
  const started = Date.now();
  await out("message send cli-delay later --delay 1");
  for (let said = ""; said !== "later\n"; said = await out("consume cli-delay")) {
    assert(Date.now() - started < 20_000, "it never came");
  }
  const stored = JSON.parse(await out("consume cli-delay --json")).stored;
  assert(Date.parse(stored) - started >= 900, stored);
});

onBoth("pocketmq send and consume, by group, tag and time", async ({ out, run }) => {
  await out("topic create cli-send --queues 2");
  assertMatch(
    await out("send cli-send hello --tag a"),
    /^SEND_OK [0-9A-F]{32} broker-a queue \d offset 0\n$/,
  );
  const { code } = await run(["send", "cli-send", "-", "--tag", "b"], { stdin: "from a pipe" });
  assertEquals(code, 0);
  assertEquals((await out("consume cli-send")).split("\n").sort(), ["", "from a pipe", "hello"]);
  assertEquals(await out("consume cli-send --tag b"), "from a pipe\n");
  assertEquals(await out("consume cli-send --from last"), "");
  assertEquals(await out("consume cli-send --max 1 --tag a"), "hello\n");
});
