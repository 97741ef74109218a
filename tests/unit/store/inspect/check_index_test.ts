import { assertEquals, assertStringIncludes } from "@std/assert";
import { viewOf } from "../../../../src/base/bytes.ts";
import { itemPlace, slotPlace } from "../../../../src/store/index/index_layout.ts";
import { storedIndex } from "../../../../src/store/inspect/stored_index.ts";
import { Handles } from "../../../../src/store/handles.ts";
import { StoredStore } from "../../../../src/store/inspect/stored.ts";
import { type Verdict, verifyStore } from "../../../../src/store/inspect/verify.ts";
import { test } from "../../../harness.ts";
import { goldenStore } from "../../../support/golden_store.ts";
import type { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { openIn } from "../../../support/store.ts";

const FIRST = "store/index/20261122112217325";
const SECOND = "store/index/20261122112257775";
/** As the golden stores were made. */
const SHAPE = { slots: 500, items: 400 };

function verdictOf(fs: MemFs): Verdict {
  const root = fs.dir("store");
  using store = new StoredStore({ root, logDirs: [root.child("commitlog")] });
  return verifyStore(store, runtime.codecs, { keep: 10 });
}

/** Where the slot of item `n` lies. */
function slotOf(bytes: Uint8Array, n: number): number {
  const hash = viewOf(bytes).getInt32(itemPlace(SHAPE, n));
  return slotPlace(hash % SHAPE.slots);
}

test("storedIndex() finds how many slots a file has from its header and items", () => {
  const files = storedIndex(goldenStore("slave-clean").dir("store/index"), new Handles(4));
  assertEquals(files.map(({ shape }) => shape), [SHAPE, SHAPE]);
});

test("storedIndex() takes a file whose first item lies seconds behind the file before it", () => {
  const fs = goldenStore("slave-clean"); // Java counts that item's seconds from there
  fs.bytes(SECOND)[itemPlace(SHAPE, 1) + 15] = 9;
  const files = storedIndex(fs.dir("store/index"), new Handles(4));
  assertEquals(files.map(({ shape }) => shape), [SHAPE, SHAPE]);
  assertEquals(verdictOf(fs).findings.kept, []);
});

test("IndexCheck finds every key of a Java broker's store, and its chains whole", () => {
  const verdict = verdictOf(goldenStore("slave-clean"));
  assertEquals(verdict.index, { files: 2, goodItems: 510 });
  assertEquals(verdict.findings.kept, []);
});

for (
  const { name, damage, says } of [
    {
      name: "an item that leads to another record",
      damage: (fs: MemFs) => fs.bytes(FIRST)[itemPlace(SHAPE, 7) + 3] ^= 1,
      says: /^problem index: an item with hash \d+ points to \d+, whose record has no such key/,
    },
    {
      name: "an item's log offset",
      damage: (fs: MemFs) => fs.bytes(FIRST)[itemPlace(SHAPE, 7) + 11] ^= 1,
      says: /^problem index: item 7 points to \d+, where no record with keys lies/,
    },
    {
      name: "an item's log offset beyond its file",
      damage: (fs: MemFs) => fs.bytes(FIRST)[itemPlace(SHAPE, 7) + 5] ^= 1,
      says: /^problem index: item 7 with hash \d+ points to \d+, from \d+ to \d+ would be possible/,
    },
    {
      name: "a chain",
      damage: (fs: MemFs) => fs.bytes(FIRST)[itemPlace(SHAPE, 7) + 19] ^= 1,
      says: /^problem index: item 7 says that item \d+ came before it, it was \d+/,
    },
    {
      name: "an item's time",
      damage: (fs: MemFs) => fs.bytes(FIRST)[itemPlace(SHAPE, 7) + 14] ^= 1,
      says: /^problem index: item 7 says \d+ seconds, its record was stored \d+ after/,
    },
    {
      name: "when a file begins",
      damage: (fs: MemFs) => fs.bytes(FIRST)[7] ^= 1,
      says: /^problem index: it begins at \d+, its first record was stored at \d+/,
    },
    {
      name: "a slot",
      damage: (fs: MemFs) => fs.bytes(FIRST)[slotOf(fs.bytes(FIRST), 7) + 3] ^= 1,
      says: /^problem index: 1 of 500 slots do not lead to their newest items/,
    },
    {
      name: "the number of used slots",
      damage: (fs: MemFs) => fs.bytes(FIRST)[35] ^= 1,
      says: /^problem index: it counts \d+ used slots, its items use \d+/,
    },
    {
      name: "a file cut short",
      damage: (fs: MemFs) => fs.file(SECOND).apply({ size: 2000 }),
      says: /^problem index: its 2000 bytes and its header are not those of an index file/,
    },
    {
      name: "a file that is gone, as a Java broker removes it after a crash",
      damage: (fs: MemFs) => fs.dir("store/index").remove("20261122112257775"),
      says: /^note index: 111 keys of the records from \d+ to \d+ are missing/,
    },
  ]
) {
  test(`IndexCheck says what is wrong: ${name}`, () => {
    const fs = goldenStore("slave-clean");
    damage(fs);
    const { findings } = verdictOf(fs);
    const lines = findings.kept.map(({ kind, part, text }) => `${kind} ${part}: ${text}`);
    assertEquals(lines.filter((line) => says.test(line)).length, 1, lines.join("\n"));
    assertEquals(findings.problems > 0, says.source.startsWith("^problem"), lines.join("\n"));
  });
}

test("IndexCheck takes a file that a crash left half written for what a start makes again", () => {
  const fs = goldenStore("slave-clean");
  const root = fs.dir("store");
  root.open("abort", "create").close();
  root.open("checkpoint", "write").writeAt(16, new Uint8Array(8)); // the index is covered by nothing
  fs.bytes(FIRST)[slotOf(fs.bytes(FIRST), 7) + 3] ^= 1;
  assertEquals(verdictOf(fs).findings.kept, []);
  fs.bytes(FIRST).fill(0, 8, 16); // nor does its header say that it ends later
  assertEquals(verdictOf(fs).findings.kept, []);
});

test("IndexCheck says that a captured index file holds no index", () => {
  const { findings } = verdictOf(goldenStore("master-clean")); // a tool's text took its place
  assertEquals(findings.problems, 1);
  assertStringIncludes(findings.kept[0].text, "its 42696 bytes and its header are not those");
});

for (
  const { name, file, lasting } of [
    { name: "in the middle", file: FIRST, lasting: 1 },
    { name: "at the end", file: SECOND, lasting: 0 },
  ]
) {
  test(`IndexCheck tells which hole the next start fills: ${name}`, async () => {
    const fs = goldenStore("slave-clean");
    fs.dir("store/index").remove(file.slice("store/index/".length));
    const before = verdictOf(fs).findings;
    assertEquals([before.problems, before.notes, before.lasting], [0, 1, lasting]);
    await (await openIn(fs)).close();
    const after = verdictOf(fs).findings;
    assertEquals([after.problems, after.notes, after.lasting], [0, lasting, lasting]);
  });
}
