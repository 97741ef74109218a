import { assert, assertEquals } from "@std/assert";
import { encodeCommand } from "../../../src/wire/codec.ts";
import type { Command, ExtFields } from "../../../src/wire/command.ts";
import { RequestCode } from "../../../src/wire/codes.ts";
import { test } from "../../harness.ts";
import { type BrokerRig, brokerRig } from "../../support/broker_rig.ts";

const EXT = {
  a: "P",
  b: "T",
  c: "TBW102",
  d: "4",
  e: "1",
  f: "0",
  g: "1700000000123",
  h: "7",
  i: "KEYS\x01k\x02WAIT\x01true\x02TAGS\x01A",
  j: "0",
  k: "false",
  m: "false",
};

/** Sends that a broker takes from their frames, and such that it must not. */
const sends: { name: string; ext?: ExtFields; body?: string; taken: boolean }[] = [
  { name: "to a topic that is to be made", taken: false },
  { name: "plain", taken: true },
  { name: "without properties", ext: { i: "" }, taken: true },
  { name: "with properties that end in their divider", ext: { i: "TAGS\x01A\x02" }, taken: true },
  { name: "that does not wait", ext: { i: "WAIT\x01false" }, taken: true },
  { name: "with a body compressed by its client", ext: { f: "1" }, taken: true },
  { name: "that was consumed before", ext: { j: "3" }, taken: true },
  { name: "without a body", body: "", taken: true },
  { name: "to another topic", ext: { b: "Other" }, taken: false },
  { name: "to the first again", taken: true },
  { name: "to a queue that is not there", ext: { e: "9" }, taken: false },
  { name: "that leaves the queue to the broker", ext: { e: "-1" }, taken: false },
  { name: "to a topic of the broker's own", ext: { b: "SELF_TEST_TOPIC", e: "0" }, taken: false },
  { name: "of a prepared message", ext: { f: "4" }, taken: false },
  { name: "too large", body: "x".repeat(4 * 1024 * 1024 + 1), taken: false },
  { name: "with properties beyond ASCII", ext: { i: "KEYS\x01schlüssel" }, taken: false },
  {
    name: "whose properties are too long with the cluster's name",
    ext: { i: `KEYS\x01${"k".repeat(32740)}` },
    taken: false,
  },
];

function commandOf(ext: ExtFields = {}, body = "hello", opaque = 1): Command {
  return {
    form: "json",
    code: RequestCode.SEND_MESSAGE_V2,
    language: "JAVA",
    version: 407,
    opaque,
    flag: 0,
    remark: undefined,
    ext: { ...EXT, ...ext },
    body: new TextEncoder().encode(body),
  };
}

function logOf({ store }: BrokerRig): Uint8Array {
  const bytes = new Uint8Array(store.log.tail);
  for (let at = 0; at < bytes.length;) at += store.log.readAt(at, bytes.subarray(at));
  return bytes;
}

test("a send taken from its frame is answered and stored as a decoded one", async () => {
  const flags = { mappedFileSizeCommitLog: String(16 * 1024 * 1024) };
  await using fast = await brokerRig({ flags });
  await using slow = await brokerRig({ flags, decodesAll: true });
  const [one, other] = [fast.client(), slow.client()];
  for (const { name, ext, body } of sends) {
    const request = commandOf(ext, body);
    assertEquals(await one.ask(request), await other.ask(request), name);
    assertEquals(logOf(fast), logOf(slow), name);
  }
});

for (const [i, { name, ext, body, taken }] of sends.entries()) {
  test(`takesFrame() ${taken ? "takes" : "leaves"} a send ${name}`, async () => {
    await using rig = await brokerRig({ flags: { mappedFileSizeCommitLog: "16777216" } });
    const client = rig.client();
    for (const before of sends.slice(0, i)) await client.ask(commandOf(before.ext, before.body));
    const frame = encodeCommand(commandOf(ext, body)).subarray(4);
    const tail = rig.store.log.stage.length;
    assertEquals(rig.sends.takesFrame(frame, client.peer), taken);
    assertEquals(rig.store.log.stage.length > tail, taken);
    rig.parts.puts.commit();
  });
}

test("takesFrame() leaves everything to a slave's handlers", async () => {
  await using rig = await brokerRig({ role: "slave" });
  const frame = encodeCommand(commandOf()).subarray(4);
  assert(!rig.sends.takesFrame(frame, rig.client().peer));
});
