import { linkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { type Dir, FsError } from "../../src/ports/fs.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { patternAt } from "./net_support.ts";

/** Runs the body on a folder of its own. */
function onDisk(name: string, body: (dir: Dir) => void | Promise<void>): void {
  test(name, async () => {
    using temp = tempDir();
    await body(runtime.fs.dir(temp.path));
  });
}

onDisk("a file gives back what was written at any offset", (dir) => {
  using file = dir.open("log", "create");
  file.writeAt(0, patternAt(0, 5000));
  file.writeAt(5000, patternAt(5000, 3000));
  file.writeAt(100, Uint8Array.of(1, 2, 3)); // over what is there
  assertEquals(file.size(), 8000);
  const into = new Uint8Array(8000);
  assertEquals(file.readAt(0, into), 8000);
  const wanted = patternAt(0, 8000);
  wanted.set([1, 2, 3], 100);
  assertEquals(into, wanted);
});

onDisk("readAt() reads less only at the end", (dir) => {
  using file = dir.open("log", "create");
  file.writeAt(0, patternAt(0, 1000));
  const into = new Uint8Array(600).fill(255);
  assertEquals(file.readAt(700, into), 300);
  assertEquals(into.subarray(0, 300), patternAt(700, 300));
  assertEquals(into[300], 255);
  assertEquals(file.readAt(1000, into), 0);
  assertEquals(file.readAt(5000, into), 0);
  assertEquals(file.readAt(0, new Uint8Array(0)), 0);
});

onDisk("a write beyond the end leaves zeros before it", (dir) => {
  using file = dir.open("log", "create");
  file.writeAt(1000, Uint8Array.of(7));
  const into = new Uint8Array(1001).fill(255);
  assertEquals(file.readAt(0, into), 1001);
  assertEquals(into.subarray(0, 1000), new Uint8Array(1000));
  assertEquals(into[1000], 7);
});

onDisk("only the part of a buffer that was handed in is written and read", (dir) => {
  using file = dir.open("log", "create");
  const slab = patternAt(0, 100);
  file.writeAt(0, slab.subarray(20, 30));
  assertEquals(file.size(), 10);
  const into = new Uint8Array(30).fill(255);
  assertEquals(file.readAt(0, into.subarray(10, 20)), 10);
  assertEquals(into.subarray(10, 20), slab.subarray(20, 30));
  assertEquals(into[9] + into[20], 510);
});

onDisk("truncate() grows a file without taking disk space, and cuts it", (dir) => {
  using file = dir.open("log", "create");
  file.truncate(1024 * 1024 * 1024);
  assertEquals(file.size(), 1024 * 1024 * 1024);
  assert(statSync(join(dir.path, "log")).blocks * 512 < 1024 * 1024);
  const into = new Uint8Array(16).fill(255);
  assertEquals(file.readAt(512 * 1024 * 1024, into), 16);
  assertEquals(into, new Uint8Array(16));
  file.truncate(3);
  assertEquals(file.size(), 3);
});

onDisk("offsets above 4 GiB work", (dir) => {
  using file = dir.open("log", "create");
  const far = 5 * 1024 * 1024 * 1024 + 3;
  file.writeAt(far, Uint8Array.of(1, 2, 3));
  const into = new Uint8Array(3);
  assertEquals(file.readAt(far, into), 3);
  assertEquals(into, Uint8Array.of(1, 2, 3));
  assertEquals(file.size(), far + 3);
});

onDisk("sync() resolves, also several at once and with a close behind them", async (dir) => {
  const file = dir.open("log", "create");
  file.writeAt(0, patternAt(0, 100_000));
  await file.sync();
  const syncs = [file.sync(), file.sync(), file.sync()];
  file.close();
  file.close();
  await Promise.all(syncs);
  await dir.sync();
});

onDisk("a closed file refuses everything", (dir) => {
  const file = dir.open("log", "create");
  file.close();
  for (
    const use of [
      () => file.readAt(0, new Uint8Array(1)),
      () => file.writeAt(0, new Uint8Array(1)),
      () => file.truncate(1),
      () => file.size(),
      () => file.sync(),
    ]
  ) {
    const error = assertThrows(use, FsError);
    assert(error.message.endsWith("it was closed"), error.message);
  }
});

onDisk("open() needs a file to exist, unless it may create one", (dir) => {
  for (const mode of ["read", "write"] as const) {
    const error = assertThrows(() => dir.open("absent", mode), FsError);
    assertEquals(error.code, "missing");
    assert(error.message.includes(join(dir.path, "absent")), error.message);
  }
  dir.open("absent", "create").close();
  dir.open("absent", "write").close();
});

onDisk('open("create") keeps what a file holds', (dir) => {
  writeFileSync(join(dir.path, "log"), "content");
  using file = dir.open("log", "create");
  assertEquals(file.size(), 7);
});

onDisk("open() in a folder that is not there says missing", (dir) => {
  const error = assertThrows(() => dir.child("absent").open("log", "create"), FsError);
  assertEquals(error.code, "missing");
});

onDisk("writing to a file that was opened for reading fails", (dir) => {
  writeFileSync(join(dir.path, "log"), "content");
  using file = dir.open("log", "read");
  const error = assertThrows(() => file.writeAt(0, Uint8Array.of(1)), FsError);
  assertEquals(error.code, "other");
  assertThrows(() => file.truncate(0), FsError);
  assertEquals(file.size(), 7);
});

onDisk("a full disk is told apart", (_dir) => {
  using full = runtime.fs.dir("/dev").open("full", "write"); // the system's file that takes nothing
  const error = assertThrows(() => full.writeAt(0, new Uint8Array(10)), FsError);
  assertEquals(error.code, "full");
});

onDisk("make() makes the folders above, and may be repeated", (dir) => {
  const deep = dir.child("a/b/c");
  assertEquals(deep.entries(), []);
  deep.make();
  deep.make();
  assertEquals(dir.stat("a")?.isDir, true);
  assertEquals(dir.child("a").child("b").entries().map((entry) => entry.name), ["c"]);
});

onDisk("make() in a place that is no folder fails", (dir) => {
  writeFileSync(join(dir.path, "file"), "");
  const error = assertThrows(() => dir.child("file/below").make(), FsError);
  assertEquals(error.code, "other");
});

onDisk("entries() are sorted by name, with size and time", (dir) => {
  for (const name of ["00000000001073741824", "00000000000000000000", "B", "a", "10", "9"]) {
    writeFileSync(join(dir.path, name), name);
  }
  dir.child("folder").make();
  const entries = dir.entries();
  assertEquals(entries.map((entry) => entry.name), [
    "00000000000000000000",
    "00000000001073741824",
    "10",
    "9",
    "B",
    "a",
    "folder",
  ]);
  assertEquals(entries.map((entry) => entry.isDir), [...Array(6).fill(false), true]);
  assertEquals(entries[0].size, 20);
  assert(Math.abs(entries[0].modifiedMs - Date.now()) < 60_000);
  assertEquals(dir.stat("a")?.size, 1);
  assertEquals(dir.stat("absent"), undefined);
});

onDisk("rename() takes the place of what is there", (dir) => {
  writeFileSync(join(dir.path, "table.json.tmp"), "new");
  writeFileSync(join(dir.path, "table.json"), "old one");
  dir.rename("table.json.tmp", "table.json");
  assertEquals(dir.entries().map(({ name, size }) => [name, size]), [["table.json", 3]]);
  const error = assertThrows(() => dir.rename("absent", "table.json"), FsError);
  assertEquals(error.code, "missing");
});

onDisk("remove() takes files and whole folders, and nothing when there is none", (dir) => {
  dir.child("queue/topic/0").make();
  writeFileSync(join(dir.path, "queue/topic/0/file"), "x");
  writeFileSync(join(dir.path, "abort"), "");
  dir.remove("queue");
  dir.remove("abort");
  dir.remove("absent");
  assertEquals(dir.entries(), []);
});

onDisk("discard() takes a file's name at once, and its space before it resolves", async (dir) => {
  const path = join(dir.path, "big");
  writeFileSync(path, new Uint8Array(8 << 20));
  const file = dir.open("big", "read"); // it shows what becomes of the content
  const discarded = dir.discard("big");
  assertEquals(dir.stat("big"), undefined);
  await discarded;
  assertEquals(file.size(), 0);
  file.close();
  assertEquals(assertThrows(() => dir.discard("big"), FsError).code, "missing");
});

onDisk("discard() leaves the content to a backup made by a hard link", async (dir) => {
  writeFileSync(join(dir.path, "log"), "kept");
  linkSync(join(dir.path, "log"), join(dir.path, "backup"));
  await dir.discard("log");
  assertEquals(dir.entries().map(({ name, size }) => [name, size]), [["backup", 4]]);
});

onDisk("space() measures the disk, also of a folder that is yet to be made", (dir) => {
  for (const place of [dir, dir.child("not/yet")]) {
    const { usedBytes, freeBytes } = place.space();
    assertGreater(usedBytes, 0);
    assertGreater(freeBytes, 0);
  }
});

test("dir.sync() where the system cannot do that says denied", async () => {
  const error = await assertRejects(() => runtime.fs.dir("/proc").sync(), FsError);
  assertEquals(error.code, "denied");
});

onDisk("dir.sync() of a folder that is not there says missing", async (dir) => {
  const error = await assertRejects(() => dir.child("absent").sync(), FsError);
  assertEquals(error.code, "missing");
});
