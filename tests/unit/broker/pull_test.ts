import { assertEquals } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { brokerRig, pull, send } from "../../support/broker_rig.ts";
import { COMMIT, OWN, PARK, progress, textsIn, withMessages } from "../../support/pulls.ts";

for (const code of [11, 361]) {
  for (const form of ["json", "binary"] as const) {
    test(`pull ${code} in ${form} form gives the records as they were stored`, async () => {
      await using rig = await withMessages(["a", "b", "c"]);
      const answer = await rig.client().ask({ ...pull(), code, form });
      assertEquals([answer.code, answer.remark, answer.form], [0, "FOUND", form]);
      assertEquals(textsIn(answer), ["a", "b", "c"]);
      assertEquals(progress(answer), [3, 0, 3, 0]);
      const stored = new Uint8Array(rig.store.log.tail);
      rig.store.log.readAt(0, stored);
      assertEquals(answer.body, stored);
    });
  }
}

test("pulls of one read are answered in order, with one write", async () => {
  await using rig = await withMessages(["a", "b"]);
  const client = rig.client();
  const answers = await client.askAll(
    pull({ queueOffset: "1" }),
    pull({ queueOffset: "2" }),
    pull({ maxMsgNums: "1" }),
  );
  assertEquals(answers.map(({ code }) => code), [0, 19, 0]);
  assertEquals([textsIn(answers[0]), textsIn(answers[2])], [["b"], ["a"]]);
  assertEquals(client.far.writes.length, 1);
});

/** What a read finds, and what is answered. Three messages, of which the first file has one hundred entries. */
for (
  const { name, fields, code, remark, next, parked = false } of [
    {
      name: "an empty queue from 0",
      fields: { queueId: "1" },
      code: 19,
      remark: "NO_MESSAGE_IN_QUEUE",
      next: 0,
      parked: true,
    },
    {
      name: "an empty queue from elsewhere",
      fields: { queueId: "1", queueOffset: "5" },
      code: 21,
      remark: "NO_MESSAGE_IN_QUEUE",
      next: 0,
    },
    {
      name: "before the first message",
      fields: { queueOffset: "-1" },
      code: 21,
      remark: "OFFSET_TOO_SMALL",
      next: 0,
    },
    {
      name: "at the end",
      fields: { queueOffset: "3" },
      code: 19,
      remark: "OFFSET_OVERFLOW_ONE",
      next: 3,
      parked: true,
    },
    {
      name: "behind the end",
      fields: { queueOffset: "4" },
      code: 21,
      remark: "OFFSET_OVERFLOW_BADLY",
      next: 3,
    },
    {
      name: "a tag nobody has",
      fields: { subscription: "zzz" },
      code: 20,
      remark: "NO_MATCHED_MESSAGE",
      next: 3,
    },
  ] as {
    name: string;
    fields: ExtFields;
    code: number;
    remark: string;
    next: number;
    parked?: boolean;
  }[]
) {
  test(`pulling ${name} is answered ${code} ${remark}`, async () => {
    await using rig = await withMessages(["a:x", "b:y", "c:x"]);
    const client = rig.client();
    const answer = await client.ask(pull(fields));
    assertEquals([answer.code, answer.remark], [code, remark]);
    const end = fields.queueId === "1" ? 0 : 3;
    assertEquals(progress(answer), [next, 0, end, 0]);
    const held = await client.askAll(pull({ ...fields, sysFlag: String(PARK | OWN) }));
    assertEquals([held.length, rig.pulls.parked], parked ? [0, 1] : [1, 0]);
  });
}

test("a slave lets offsets stand and sends the reader to the master", async () => {
  const fs = await withMessages(["a", "b"]).then(async (rig) => (await rig.close(), rig.fs));
  for (
    const { offset, code, next } of [
      { offset: "-1", code: 20, next: -1 },
      { offset: "7", code: 20, next: 7 },
      { offset: "2", code: 19, next: 2 },
    ]
  ) {
    await using rig = await brokerRig({ role: "slave", fs });
    rig.parts.groups.update({ ...plainGroup("C"), brokerId: 6 });
    const answer = await rig.client().ask(pull({ queueOffset: offset }));
    assertEquals([answer.code, progress(answer)], [code, [next, 0, 2, 6]]);
  }
  await using rig = await brokerRig({ role: "slave", fs, flags: { offsetCheckInSlave: "true" } });
  const answer = await rig.client().ask(pull({ queueOffset: "7" }));
  assertEquals([answer.code, progress(answer)], [21, [2, 0, 2, 6]]);
});

test("a slave serves messages of a topic whose settings have not come yet", async () => {
  const master = await brokerRig();
  await master.client().ask(send());
  await master.close();
  const { fs } = master;
  await using rig = await brokerRig({ role: "slave", fs });
  rig.parts.topics.delete("T");
  const [found, unknown] = await rig.client().askAll(pull(), pull({ topic: "U" }));
  assertEquals([found.code, textsIn(found), unknown.code], [0, ["hello"], 17]);
});

test("a pull's own offset is committed when it says so, when it is parked too, never on a slave", async () => {
  await using rig = await withMessages(["a", "b"]);
  const { offsets } = rig.parts;
  const client = rig.client();
  await client.ask(pull({ commitOffset: "1" }));
  assertEquals(offsets.of("C", "T", 0), undefined);
  await client.ask(pull({ commitOffset: "1", sysFlag: String(COMMIT | OWN) }));
  assertEquals(offsets.of("C", "T", 0), 1);
  const parked = { queueOffset: "2", sysFlag: String(COMMIT | PARK | OWN) };
  assertEquals(await client.askAll(pull({ ...parked, commitOffset: "2" })), []);
  assertEquals(offsets.of("C", "T", 0), 2);
  await rig.close();
  await using slave = await brokerRig({ role: "slave", fs: rig.fs });
  await slave.client().ask(pull({ commitOffset: "1", sysFlag: String(COMMIT | OWN) }));
  assertEquals(slave.parts.offsets.of("C", "T", 0), 2);
});

for (
  const { name, flags, totalBytes, suggested } of [
    { name: "reads from memory", totalBytes: 2 ** 40, suggested: [6, 6] },
    { name: "reads from disk", totalBytes: 100, suggested: [9, 6] },
    {
      name: "reads from disk, and slaves may not be read",
      flags: { slaveReadEnable: "false" },
      totalBytes: 100,
      suggested: [0, 0],
    },
  ] as { name: string; flags?: Record<string, string>; totalBytes: number; suggested: number[] }[]
) {
  test(`a reader that ${name} is told to go on at broker ${suggested[0]}`, async () => {
    await using rig = await withMessages(["a", "b"], { flags, totalBytes });
    const group = { ...plainGroup("C"), brokerId: 6, whichBrokerWhenConsumeSlowly: 9 };
    rig.parts.groups.update(group);
    const [found, end] = await rig.client().askAll(pull(), pull({ queueOffset: "2" }));
    assertEquals([found, end].map((answer) => progress(answer)[3]), suggested);
  });
}

test("a read that fails half way is answered 1, and the connection stays whole", async () => {
  await using rig = await withMessages(["a", "b"]);
  const client = rig.client();
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  let reads = 0;
  log.readAt = (at, into) => {
    if (++reads === 2) throw new FsError("other", "I/O error");
    return readAt(at, into);
  };
  const answers = await client.askAll(pull(), pull());
  assertEquals(answers.map(({ code, opaque }) => [opaque, code]), [[1, 1], [2, 0]]);
  assertEquals(textsIn(answers[1]), ["a", "b"]);
});

test("a record that is not there in full is no part of an answer", async () => {
  await using rig = await withMessages(["a", "b"]);
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  log.readAt = (at, into) => at === 0 ? readAt(at, into) : readAt(at, into.subarray(0, 50));
  const client = rig.client();
  const [broken, fine] = await client.askAll(pull(), pull({ maxMsgNums: "1" }));
  assertEquals([broken.code, fine.code, textsIn(fine)], [1, 0, ["a"]]);
});

test("pulls are counted: those that found, those that did not, and messages", async () => {
  await using rig = await withMessages(["a", "b"]);
  await rig.client().askAll(pull(), pull({ queueOffset: "1" }), pull({ queueOffset: "2" }));
  const { found, missed, got } = rig.parts.stats;
  assertEquals([found.total, missed.total, got.total], [2, 1, 3]);
});

test("a pull that asks from far outside any file is corrected", async () => {
  await using rig = await withMessages(["a"]);
  const answer = await rig.client().ask(pull({ queueOffset: "9223372036854775807" }));
  assertEquals([answer.code, progress(answer)], [21, [1, 0, 1, 0]]);
});
