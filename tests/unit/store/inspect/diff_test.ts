import { assertEquals } from "@std/assert";
import { Handles } from "../../../../src/store/handles.ts";
import { diffLogs, type LogDiff, rangeOf } from "../../../../src/store/inspect/diff.ts";
import { StoredFiles } from "../../../../src/store/inspect/stored_files.ts";
import { test } from "../../../harness.ts";
import { goldenStore } from "../../../support/golden_store.ts";
import type { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";

const FIRST = "store/commitlog/00000000000000000000";
const SECOND = "store/commitlog/00000000000000065536";
const END = 74549;

function filesOf(fs: MemFs): StoredFiles {
  return new StoredFiles([fs.dir("store/commitlog")], new Handles(4));
}

function diffOf(change: (fs: MemFs) => void): LogDiff {
  const fs = goldenStore("slave-clean");
  change(fs);
  return diffLogs(filesOf(goldenStore("master-clean")), filesOf(fs), runtime.codecs);
}

test("diffLogs() finds a slave's log equal to its master's", () => {
  const whole = { min: 0, end: END };
  assertEquals(diffOf(() => {}), { a: whole, b: whole, common: whole, different: undefined });
});

for (
  const { name, change, first, kinds } of [
    {
      name: "in a body, which no CRC fits then",
      change: (fs: MemFs) => fs.bytes(FIRST)[216 + 88] ^= 1,
      first: 216 + 88,
      kinds: ["record", "bad"],
    },
    {
      name: "in properties, which have no CRC",
      change: (fs: MemFs) => fs.bytes(FIRST)[215] ^= 1,
      first: 215,
      kinds: ["record", "record"],
    },
    {
      name: "behind filler that differs",
      change: (fs: MemFs) => {
        fs.bytes(FIRST).fill(7, 65522 + 8);
        fs.bytes(SECOND)[30] ^= 1;
      },
      first: 65536 + 30,
      kinds: ["record", "bad"],
    },
  ]
) {
  test(`diffLogs() finds the first different byte: ${name}`, () => {
    const { different } = diffOf(change);
    assertEquals(different?.logOffset, first);
    assertEquals([different?.a.kind as string, different?.b.kind as string], kinds);
    assertEquals(different?.a.message?.logOffset, different?.a.at);
  });
}

test("diffLogs() takes logs for equal whose filler differs only", () => {
  const { different } = diffOf((fs) => fs.bytes(FIRST).fill(7, 65522 + 8));
  assertEquals(different, undefined);
});

test("diffLogs() compares where both are when one has lost old files or goes on", () => {
  const { b, common, different } = diffOf((fs) => {
    fs.dir("store/commitlog").remove("00000000000000000000");
    fs.bytes(SECOND).fill(0, 74355 - 65536);
  });
  assertEquals([b.min, b.end < END, common, different], [
    65536,
    true,
    { min: 65536, end: b.end },
    undefined,
  ]);
});

test("rangeOf() finds the end of a log in its last files", () => {
  const fs = goldenStore("master-killed");
  fs.bytes(FIRST).fill(0); // which it must not read
  assertEquals(rangeOf(filesOf(fs), runtime.codecs), { min: 0, end: END });
});
