import { assertEquals } from "@std/assert";
import { SysFlag } from "../../../../src/wire/record_layout.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Lines, message, openIn } from "../../../support/store.ts";

/** Files that are full after three items. */
const TINY = { indexSlots: 5, indexItems: 4 };

/** A closed store: a message with each text as its key, "" without one, "-" rolled back; gives their log offsets. */
async function stored(fs: MemFs, ...texts: string[]): Promise<number[]> {
  await using store = await openIn(fs, TINY);
  return texts.map((text) => {
    const { logOffset } = store.append(message({
      text,
      properties: text && `KEYS\x01${text}`,
      sysFlag: text === "-" ? SysFlag.ROLLBACK : 0,
    }));
    store.commit();
    return logOffset;
  });
}

/** The holes that a start says, from and to. */
async function said(fs: MemFs): Promise<number[][]> {
  const lines = new Lines();
  await (await openIn(fs, TINY, lines)).close();
  return lines.lines.filter((line) => line.startsWith("warn the key index lacks"))
    .map((line) => [/"from":(\d+)/, /"to":(\d+)/].map((part) => Number(part.exec(line)![1])));
}

test("a file that is missing in the key index is said, the first and any between", async () => {
  for (const missing of [0, 1, 2]) {
    const fs = new MemFs();
    const offsets = await stored(fs, ..."abcdefghijk");
    const paths = fs.paths("store/index");
    assertEquals([paths.length, await said(fs)], [4, []]);
    fs.dir("store/index").remove(paths[missing].slice("store/index/".length));
    assertEquals(await said(fs), [[offsets[3 * missing], offsets[3 * missing + 3]]]);
  }
});

test("messages without keys between two files of the key index are no hole", async () => {
  const fs = new MemFs();
  await stored(fs, "", "", "a", "b", "c", "", "-", "", "d", "e");
  assertEquals(fs.paths("store/index").length, 2);
  assertEquals(await said(fs), []);
});

test("a record whose keys end one file and begin the next is no hole, nor is a store without keys", async () => {
  const fs = new MemFs();
  await stored(fs, "a b c d", "e f g h");
  assertEquals([fs.paths("store/index").length, await said(fs)], [3, []]);
  const none = new MemFs();
  await stored(none, "", "", "");
  assertEquals(await said(none), []);
});
