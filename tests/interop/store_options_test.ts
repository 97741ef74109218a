/** Stores of Java brokers with options that we lack: served where the log can say it, left alone or refused elsewhere. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeRecords } from "../../src/wire/message.ts";
import { formatPull, PULL_FLAG } from "../../src/wire/pull.ts";
import { test } from "../harness.ts";
import { sendRequest } from "../support/cluster.ts";
import { patiently } from "../support/patience.ts";
import { LONG } from "../support/seeds.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";
import { freePorts } from "../support/free_ports.ts";

/** Tags' hashes go to consumequeue_ext, and messages into queues of other topics that they name. */
const OPTIONS = {
  enableConsumeQueueExt: "true",
  enableMultiDispatch: "true",
  enableLmq: "true",
};
const LIGHT = "consumequeue/%LMQ%one/0";
const TOPIC = "Options";

test("of a Java broker with enableConsumeQueueExt and enableLmq, topics and tags are served and light queues left alone", async () => {
  await using lab = await StoreLab.start();
  using history = new History([]);
  const send = async (properties: string) => {
    for (let n = 0; n < 4; n++) {
      const request = sendRequest(TOPIC, `${n}`, `TAGS\x01Tag${n % 2}${properties}`);
      assertEquals((await history.ask(request)).code, 0);
    }
  };
  const pull = async (topic: string, subscription: string) => {
    const { code, body } = await history.ask(formatPull({
      consumerGroup: "CID_RMQ_SYS_test",
      topic,
      queueId: 0,
      queueOffset: 0,
      maxMessages: 32,
      sysFlag: PULL_FLAG.subscription,
      commitOffset: 0,
      holdMs: 0,
      subscription,
      subVersion: 0,
      expressionType: "TAG",
    }));
    return [code, code === 0 ? decodeRecords(body).length : 0];
  };
  const light = () => readFileSync(join(lab.folder("store"), LIGHT, "0".padStart(20, "0")));

  const java = lab.broker("java", "master", "store", OPTIONS);
  await java.start();
  history.turnTo(java);
  await send("\x02INNER_MULTI_DISPATCH\x01%LMQ%one");
  assertEquals(await pull(TOPIC, "Tag0"), [0, 2]);
  assertEquals(await pull("%LMQ%one", "*"), [0, 4]);
  await java.end("SIGTERM");
  const before = light();
  assert(readdirSync(lab.folder("store")).includes("consumequeue_ext"));
  await lab.verify("store", true);

  for (const end of ["SIGKILL", "SIGTERM"] as const) { // the second start recovers
    const ours = lab.broker("ours", "master", "store");
    await ours.start();
    const [, some] = await pull(TOPIC, "Tag0");
    assert(some >= 2, "the client compares the tags, so more is no harm");
    assertEquals((await pull("%LMQ%one", "*"))[0], 17, "no topic by that name");
    await send("");
    await ours.end(end);
    assertMatch(ours.said(), /left alone.*consumequeue_ext/);
    assertMatch(ours.said(), /left alone.*light queues.*topics=1/);
    assertEquals(light(), before);
  }
  await lab.verify("store", true);

  await java.start();
  assertEquals(await pull(TOPIC, "*"), [0, 12]);
  assertEquals(await pull(TOPIC, "Tag0"), [0, 6]);
  assertEquals(await pull("%LMQ%one", "*"), [0, 4]);
  await send("\x02INNER_MULTI_DISPATCH\x01%LMQ%one");
  assertEquals(await pull("%LMQ%one", "*"), [0, 8]);
});

if (LONG) {
  test("the store of a Java broker of a DLedger group is refused, and nothing of it is gone", async () => {
    await using lab = await StoreLab.start();
    using history = new History(["Group"]);
    const java = lab.broker("java", "master", "store", {
      enableDLegerCommitLog: "true",
      dLegerGroup: "broker-a",
      dLegerPeers: `n0-127.0.0.1:${await freePorts()}`,
      dLegerSelfId: "n0",
    });
    await java.start();
    history.turnTo(java);
    await patiently("nobody is elected", () => history.send(1).then(() => true, () => false));
    await java.end("SIGTERM");
    const files = () => filesBelow(join(lab.folder("store"), "consumequeue"));
    const before = files();
    await assertRejects(
      () => lab.broker("ours", "master", "store").start(),
      Error,
      "its messages are in dledger-n0",
    );
    assertEquals(files(), before);
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}
