import { assert, assertEquals, assertRejects } from "@std/assert";
import { CorruptLogError } from "../../../../src/base/errors.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import { readCheckpoint, writeCheckpoint } from "../../../../src/store/checkpoint.ts";
import { StoreRefusal } from "../../../../src/store/errors.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Random } from "../../../support/seeds.ts";
import { Lines, message, openIn, textsOf } from "../../../support/store.ts";
import { crashed, FIRST, LOG, SECOND, storedIn, THIRD } from "../../../support/stored.ts";

const DAMAGED = "store/damaged/";
const CUT = { logDamage: "cut" } as const;
/** Later than all that these tests store. */
const VOUCHED = 1_900_000_000_000;

interface Case {
  readonly name: string;
  readonly damage: (fs: MemFs) => void;
  readonly crash: boolean;
  /** Log offset of the first byte that is no record. */
  readonly at: number;
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    name: "the first record of a file the checkpoint vouches for",
    damage: (fs) => void (fs.bytes(SECOND)[4] ^= 1),
    crash: true,
    at: 65536,
    reason: "magic is 0xdba320a7",
  },
  {
    name: "nothing in a file the checkpoint vouches for",
    damage: (fs) => void fs.bytes(SECOND).fill(0),
    crash: true,
    at: 65536,
    reason: "nothing is there",
  },
  {
    name: "a body within a store that was closed",
    damage: (fs) => {
      fs.dir("store").remove("consumequeue"); // so that all of it is read
      fs.bytes(FIRST)[5_600] ^= 1;
    },
    crash: false,
    at: 5_510,
    reason: "the body's CRC differs",
  },
  {
    name: "a file that is missing",
    damage: (fs) => fs.dir(LOG).remove("00000000000000065536"),
    crash: true,
    at: 65536,
    reason: "the next file is 00000000000000131072",
  },
  {
    name: "a file that is missing of a store that was closed",
    damage: (fs) => fs.dir(LOG).remove("00000000000000065536"),
    crash: false,
    at: 65536,
    reason: "the next file is 00000000000000131072",
  },
];

/** Four files of records of 1102 bytes, damaged, and the numbers of those before the damage. */
async function damagedStore({ damage, crash, at }: Case): Promise<{ fs: MemFs; kept: string[] }> {
  const fs = new MemFs();
  const ends = await storedIn(fs, 200, 1_000);
  await writeCheckpoint(fs.dir("store"), { physicMs: VOUCHED, logicsMs: VOUCHED, indexMs: 0 });
  if (crash) crashed(fs);
  damage(fs);
  for (const path of fs.paths("store")) fs.put(path, fs.bytes(path)); // no power cut mends it
  return { fs, kept: ends.filter((end) => end <= at).map((_, i) => String(i)) };
}

function contentOf(fs: MemFs, below: string): Map<string, Uint8Array> {
  return new Map(fs.paths(below).map((path) => [path, fs.bytes(path).slice()]));
}

for (const one of cases) {
  test(`the start is refused, with file, place and advice: ${one.name}`, async () => {
    const { fs } = await damagedStore(one);
    const before = contentOf(fs, LOG);
    for (let tries = 0; tries < 2; tries++) { // a refusal does not make way for the next try
      const error = await assertRejects(() => openIn(fs), CorruptLogError);
      assert(error.message.includes(one.reason), error.message);
      assert(error.message.includes('Nothing was changed; "pocketmq log verify /store"'));
      assert(error.message.includes("--logDamage cut"), error.message);
      const name = error.file.slice(error.file.lastIndexOf("/") + 1);
      assertEquals(Number(name) + error.offset, one.at);
    }
    assertEquals(contentOf(fs, LOG), before);
    assertEquals(fs.paths(DAMAGED), []);
    assertEquals(fs.dir("store").stat("abort") !== undefined, one.crash);
    assertEquals(fs.open, 0);
  });

  test(`logDamage = cut keeps a copy, then cuts: ${one.name}`, async () => {
    const { fs, kept } = await damagedStore(one);
    const before = contentOf(fs, LOG);
    const lines = new Lines();
    {
      await using store = await openIn(fs, CUT, lines);
      const { physicMs, logicsMs } = readCheckpoint(fs.dir("store"));
      assert(Math.max(physicMs, logicsMs) < VOUCHED, "it vouches for what is gone");
      assertEquals(store.log.tail, one.at);
      assertEquals(textsOf(store, "T1", 0).map((text) => text.trim()), kept);
      store.append(message({ text: "n" }));
      store.commit();
    }
    const said = lines.lines.filter((line) => line.startsWith("error log cut at damage"));
    assertEquals(said.length, 1);
    const folder = /"copy":"\/(store\/damaged\/\d{20}-\d+)"/.exec(said[0])![1];
    assert(folder.startsWith(DAMAGED + String(one.at).padStart(20, "0")), folder);
    for (const [path, bytes] of before) {
      const base = Number(path.slice(LOG.length));
      if (base + 65536 <= one.at) continue;
      const from = Math.max(base, one.at);
      const copy = fs.bytes(`${folder}/${String(from).padStart(20, "0")}`);
      assertEquals(copy, bytes.subarray(from - base));
    }
    await using store = await openIn(fs); // and from now on it is a store like any other
    assertEquals(textsOf(store, "T1", 0).map((text) => text.trim()), [...kept, "n"]);
  });
}

test("a damaged log is cut only once its copy is safe", async () => {
  for (let nth = 1; nth < 12; nth++) {
    const { fs, kept } = await damagedStore(cases[0]);
    const before = contentOf(fs, LOG);
    let calls = 0;
    fs.fault = (operation, path) =>
      (operation === "write" || operation === "sync") && path.includes("/damaged") &&
        ++calls === nth
        ? { error: new FsError("full", "the disk is full") }
        : undefined;
    const error = await openIn(fs, CUT).then((store) => store.close(), (error) => error);
    if (error === undefined) {
      assert(nth > 6, `${nth} calls`);
      return;
    }
    assertEquals(contentOf(fs, LOG), before);
    fs.powerCut(new Random(nth));
    await using store = await openIn(fs, CUT);
    assertEquals(textsOf(store, "T1", 0).map((text) => text.trim()), kept);
  }
  throw new Error("it never came to its end");
});

test("no power cut takes the copy of what was cut", async () => {
  const { fs } = await damagedStore(cases[0]);
  const before = contentOf(fs, LOG);
  await (await openIn(fs, CUT)).close();
  fs.powerCut(new Random(1));
  const copies = fs.paths(DAMAGED).filter((path) => path.endsWith("65536"));
  assertEquals(copies.length, 1);
  assertEquals(fs.bytes(copies[0]), before.get(SECOND));
  assert(fs.paths(DAMAGED).some((path) => path.endsWith(THIRD.slice(-20))));
});

test("a file of another size among others is no reason to change the configuration", async () => {
  const fs = new MemFs();
  await storedIn(fs, 200, 1_000);
  fs.put(SECOND, fs.bytes(SECOND).subarray(0, 5_000));
  const error = await assertRejects(() => openIn(fs, CUT), StoreRefusal);
  assertEquals(
    error.message,
    `Cannot open /${SECOND}: it has 5000 bytes, this node's files have 65536, as ` +
      "mappedFileSizeCommitLog says; a copy that was broken off leaves such a file",
  );
});

test("whole records behind the end that a crash recovery finds are kept aside", async () => {
  for (
    const { name, damage, copies } of [
      { name: "a body", damage: (log: Uint8Array, at: number) => log[at + 88] ^= 1, copies: 1 },
      {
        name: "a head",
        damage: (log: Uint8Array, at: number) => log.fill(7, at, at + 40),
        copies: 1,
      },
      {
        name: "a hole",
        damage: (log: Uint8Array, at: number) => log.fill(0, at, at + 200),
        copies: 1,
      },
      {
        name: "a torn end",
        damage: (log: Uint8Array, at: number) => log.fill(0, at + 30),
        copies: 0,
      },
      { name: "garbage", damage: (log: Uint8Array, at: number) => log.fill(0xda, at), copies: 0 },
    ]
  ) {
    const fs = new MemFs();
    const ends = await storedIn(fs, 10);
    crashed(fs).dir("store").remove("checkpoint");
    damage(fs.bytes(FIRST), ends[4]);
    const before = fs.bytes(FIRST).slice(ends[4]);
    const lines = new Lines();
    await using store = await openIn(fs, {}, lines);
    assertEquals([store.log.tail, lines.lines.length], [ends[4], 1], name);
    const kept = fs.paths(DAMAGED).filter((path) => !path.endsWith("range.json"));
    assertEquals(kept.length, copies, name);
    assertEquals(lines.lines[0].includes(`"copy":"/${DAMAGED}`), copies > 0, lines.lines[0]);
    for (const path of kept) assertEquals(fs.bytes(path), before);
  }
});

test("a disk that takes no copy does not stop the start after a crash", async () => {
  const fs = new MemFs();
  const ends = await storedIn(fs, 10);
  crashed(fs).bytes(FIRST)[ends[4] + 88] ^= 1;
  fs.fault = (operation, path) =>
    operation === "write" && path.includes("/damaged")
      ? { error: new FsError("full", "the disk is full") }
      : undefined;
  const lines = new Lines();
  await using store = await openIn(fs, {}, lines);
  assertEquals(store.log.tail, ends[4]);
  assert(lines.lines[0].includes('"copy":"none: the disk is full"'), lines.lines[0]);
});
