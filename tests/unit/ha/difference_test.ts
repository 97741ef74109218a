import { assert, assertEquals } from "@std/assert";
import { type Difference, findDifference } from "../../../src/ha/difference.ts";
import type { Store } from "../../../src/store/store.ts";
import { test } from "../../harness.ts";
import { answersFrom, copyLog, putSizes } from "../../support/histories.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { everySeed, type Random } from "../../support/seeds.ts";
import { openIn } from "../../support/store.ts";

interface Parted {
  readonly master: Store;
  readonly slave: Store;
}

async function find({ master, slave }: Parted, java = false): Promise<Difference> {
  const answers = answersFrom(master, { java });
  return await findDifference(answers, await answers.bounds(), slave.log, runtime.codecs);
}

const sizesOf = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.pick([20, 200, 900, 3_500]));

test("findDifference() finds the end of the last record that both logs have", () =>
  everySeed(40, async (random) => {
    const logFileBytes = random.pick([4096, 16384]);
    await using master = await openIn(new MemFs(), { logFileBytes });
    await using slave = await openIn(new MemFs(), { logFileBytes });
    const common = putSizes(master, "common", sizesOf(random, random.between(1, 80)));
    copyLog(master, slave);
    const [ours, theirs] = [random.between(1, 60), random.between(1, 60)];
    putSizes(master, "master", sizesOf(random, theirs));
    putSizes(slave, "slave", sizesOf(random, ours));
    const found = await find({ master, slave }, random.below(2) === 0);
    assertEquals(found, { kind: "parts", at: common.at(-1)!.end });
  }));

test("findDifference() asks for few records of a large log", async () => {
  const logFileBytes = 65536;
  await using master = await openIn(new MemFs(), { logFileBytes });
  await using slave = await openIn(new MemFs(), { logFileBytes });
  putSizes(master, "common", Array(2_000).fill(1_000));
  copyLog(master, slave);
  putSizes(master, "master", Array(2_000).fill(1_000));
  putSizes(slave, "slave", Array(2_000).fill(1_000));
  const calls = { count: 0 };
  const answers = answersFrom(master, { calls });
  await findDifference(answers, await answers.bounds(), slave.log, runtime.codecs);
  assert(calls.count <= 40, `${calls.count} requests`);
});

for (
  const { name, common, ours, theirs, found } of [
    { name: "the master has more", common: 5, ours: [], theirs: [100], found: "same" },
    { name: "we have more", common: 5, ours: [100], theirs: [], found: "same" },
    { name: "both have the same", common: 5, ours: [], theirs: [], found: "same" },
    { name: "the master is empty", common: 0, ours: [100], theirs: [], found: "same" },
    { name: "nothing is common", common: 0, ours: [100, 100], theirs: [100, 90], found: "foreign" },
    { name: "one record each", common: 1, ours: [100], theirs: [100], found: "parts" },
    {
      name: "a record of ours is longer than the master's log",
      common: 5,
      ours: [3_000],
      theirs: [100],
      found: "parts",
    },
    {
      name: "we have filler where the master has a record",
      common: 5,
      ours: [3_900],
      theirs: [100, 3_900],
      found: "parts",
    },
    {
      name: "the master has filler where we have a record",
      common: 5,
      ours: [100, 3_900],
      theirs: [3_900],
      found: "parts",
    },
  ]
) {
  for (const java of [false, true]) {
    const who = java ? "a Java master" : "our master";
    test(`findDifference() from ${who}: ${name}`, async () => {
      await using master = await openIn(new MemFs(), { logFileBytes: 4096 });
      await using slave = await openIn(new MemFs(), { logFileBytes: 4096 });
      const end = putSizes(master, "common", Array(common).fill(100)).at(-1)?.end ?? 0;
      copyLog(master, slave);
      putSizes(master, "master", theirs);
      putSizes(slave, "slave", ours);
      const expected = found === "parts" ? { kind: found, at: end } : { kind: found };
      assertEquals<unknown>(await find({ master, slave }, java), expected);
    });
  }
}

test("findDifference() sees a record of the master where ours ends in filler, and nothing where it does too", async () => {
  await using master = await openIn(new MemFs(), { logFileBytes: 4096 });
  await using slave = await openIn(new MemFs(), { logFileBytes: 4096 });
  const end = putSizes(master, "common", Array(5).fill(100)).at(-1)!.end;
  copyLog(master, slave);
  putSizes(master, "master", [100]);
  await using filler = await openIn(new MemFs(), { logFileBytes: 4096 });
  copyLog(slave, filler);
  putSizes(filler, "slave", [3_900]);
  copyLog(filler, slave, 4096);
  assertEquals(slave.log.tail, 4096);
  assertEquals(await find({ master, slave }), { kind: "parts", at: end });
  for (const java of [false, true]) {
    assertEquals(await find({ master: filler, slave }, java), { kind: "same" });
  }
});

test("findDifference() knows nothing of records that the master deleted", async () => {
  const files = new MemFs();
  {
    await using master = await openIn(files, { logFileBytes: 4096 });
    putSizes(master, "common", Array(60).fill(500));
  }
  await using slave = await openIn(new MemFs(), { logFileBytes: 4096 });
  {
    await using master = await openIn(files, { logFileBytes: 4096 });
    copyLog(master, slave);
    putSizes(master, "master", Array(20).fill(500));
  }
  const end = slave.log.tail;
  putSizes(slave, "slave", Array(10).fill(500));
  const logs = files.paths("store/commitlog");
  const dir = files.dir("store/commitlog");
  const remove = (count: number) => {
    for (const path of logs.splice(0, count)) dir.remove(path.split("/").at(-1)!);
  };
  remove(3);
  {
    await using master = await openIn(files, { logFileBytes: 4096 });
    assertEquals(await find({ master, slave }), { kind: "parts", at: end });
  }
  remove(Math.ceil(end / 4096) - 3);
  await using master = await openIn(files, { logFileBytes: 4096 });
  assertEquals(await find({ master, slave }), { kind: "foreign" });
});
