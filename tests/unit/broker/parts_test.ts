import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { test } from "../../harness.ts";
import { brokerRig } from "../../support/broker_rig.ts";
import { goldenBytes } from "../../support/golden.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { withMessages } from "../../support/pulls.ts";
import { message } from "../../support/store.ts";

const CONFIG = "/store/config";

test("a slave whose store was emptied does not keep positions of messages it has not", async () => {
  const fs = new MemFs();
  fs.put(`${CONFIG}/consumerOffset.json`, utf8('{"offsetTable":{"T@C":{0:50}}}'));
  fs.put(`${CONFIG}/delayOffset.json`, goldenBytes("config/delayOffset.json"));
  await using rig = await brokerRig({ role: "slave", fs });
  assertEquals(rig.parts.offsets.of("C", "T", 0), 0);
  assertEquals(rig.parts.delay.json(), '{"offsetTable":{1:0,2:0}}');
});

test("a slave keeps positions up to the end of its queues", async () => {
  const { fs } = await withMessages(["a", "b"]).then(async (rig) => (await rig.close(), rig));
  fs.put(`${CONFIG}/consumerOffset.json`, utf8('{"offsetTable":{"T@C":{0:2},"T@D":{0:3}}}'));
  await using rig = await brokerRig({ role: "slave", fs });
  const { offsets } = rig.parts;
  assertEquals([offsets.of("C", "T", 0), offsets.of("D", "T", 0)], [2, 2]);
});

test("a master serves the delay progress it was left, and writes what moves on", async () => {
  const fs = new MemFs();
  fs.put(`${CONFIG}/delayOffset.json`, goldenBytes("config/delayOffset.json"));
  const rig = await brokerRig({ fs });
  const answer = await rig.client().ask({ code: 45 });
  assertEquals([answer.code, textOf(answer.body)], [0, '{"offsetTable":{1:1,2:1}}']);
  rig.parts.delay.advance(1, 2);
  await rig.close();
  await using again = await brokerRig({ fs });
  assertEquals(again.parts.delay.of(1), 2);
});

test("what a master said last outlives a slave's restart", async () => {
  const fs = new MemFs();
  const slave = await brokerRig({ role: "slave", fs });
  slave.parts.offsetCopy.take(new Map([["T@C", new Map([[0, 7]])]]), 5);
  await slave.close();
  assertEquals(
    textOf(fs.bytes(`${CONFIG}/masterOffset.json`)).replace(/\s/g, ""),
    '{"bootTimestamp":5,"offsetTable":{"T@C":{0:7}}}',
  );
});

test("a topic whose settings a crash lost has the queues that its producers know", async () => {
  const { fs } = await withMessages(["a"]).then(async (rig) => {
    rig.store.append(message({ topic: "%RETRY%C" }));
    rig.store.commit();
    await rig.close();
    return rig;
  });
  const dir = fs.dir(CONFIG);
  for (const { name } of dir.entries()) if (name.startsWith("topics.json")) dir.remove(name);
  fs.put("/store/abort", new Uint8Array());
  await using rig = await brokerRig({ fs });
  const { topics, config } = rig.parts;
  const queues = ["T", "%RETRY%C"].map((name) => topics.get(name)?.writeQueueNums);
  assertEquals(queues, [config.defaultTopicQueueNums, 1]);
});
