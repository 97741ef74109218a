import { assertEquals } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { test } from "../../../harness.ts";
import { type RigOptions, send } from "../../../support/broker_rig.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { textsOf } from "../../../support/store.ts";
import { delayed, type DelayRig, delayRig } from "./delay_rig.ts";

const FILE = "store/config/delayOffset.json";

/** What the next broker finds when this one is killed now. */
async function killed(rig: DelayRig): Promise<RigOptions> {
  const fs = rig.fs.copy();
  await rig[Symbol.asyncDispose]();
  return { fs, clock: rig.clock };
}

for (const savedMs of [0, 5_000, 11_000, 16_000]) {
  test(`killed, with progress as it was after ${savedMs} ms, nothing comes twice or never`, async () => {
    const rig = await delayRig({ flags: { flushDelayOffsetInterval: "3600000" } });
    const client = rig.client();
    const texts = ["1", "2", "3", "4"];
    for (const text of texts) {
      await client.askAll(delayed(1, text), delayed(2, text), delayed(3, text), send({}, "other"));
      await rig.clock.advance(700);
    }
    await rig.clock.advance(savedMs);
    if (savedMs > 0) await rig.parts.delay.flush();
    await client.askAll(delayed(3, "last"));
    await rig.clock.advance(4_000);
    await using again = await delayRig(await killed(rig));
    await again.clock.advance(60_000);
    const all = ["last", ...texts.flatMap((text) => [text, text, text, "other"])];
    assertEquals(textsOf(again.store, "T", 0).sort(), all.sort());
  });
}

test("messages that are the same in all but their place come as often as they were sent", async () => {
  const rig = await delayRig();
  await rig.client().askAll(delayed(1, "a"), delayed(1, "a"), delayed(1, "a"));
  await rig.clock.advance(1_100);
  await rig.client().askAll(delayed(1, "a"), delayed(1, "a"));
  await using again = await delayRig(await killed(rig));
  assertEquals(again.parts.delay.of(1), 3);
  await again.clock.advance(2_000);
  assertEquals(textsOf(again.store, "T", 0).length, 5);
});

test("what was sent without a delay is no copy of what is delayed", async () => {
  const rig = await delayRig();
  const { ext } = delayed(1, "a");
  await rig.client().askAll(delayed(1, "a"), send({ ...ext, properties: "TAGS\x01a" }, "a"));
  await using again = await delayRig(await killed(rig));
  await again.clock.advance(2_000);
  assertEquals(textsOf(again.store, "T", 0), ["a", "a"]);
});

test("a Java broker's table does not say where to look, its copies are found all the same", async () => {
  const rig = await delayRig();
  await rig.client().askAll(delayed(1, "a"), delayed(2, "b"));
  await rig.clock.advance(1_100);
  const left = await killed(rig);
  left.fs!.put(FILE, utf8('{\n\t"offsetTable":{1:0}\n}'));
  await using again = await delayRig(left);
  assertEquals(again.parts.delay.of(1), 1);
  await again.clock.advance(10_000);
  assertEquals(textsOf(again.store, "T", 0), ["a", "b"]);
});

test("progress beyond the queue's end is of messages that are not here", async () => {
  const fs = new MemFs();
  fs.put(FILE, utf8('{"offsetTable":{1:70}}'));
  const rig = await delayRig({ fs });
  await rig.client().askAll(delayed(1, "a"), delayed(1, "b"));
  await rig.clock.advance(1_100);
  await rig.client().askAll(delayed(1, "c"));
  await rig[Symbol.asyncDispose]();
  await using again = await delayRig({ fs, clock: rig.clock });
  await again.clock.advance(2_000);
  assertEquals(textsOf(again.store, "T", 0), ["a", "b", "c"]);
});
