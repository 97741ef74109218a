import { assertEquals } from "@std/assert";
import type { Dir } from "../../../../src/ports/fs.ts";
import { SeveralDirs } from "../../../../src/store/opening/several_dirs.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Random } from "../../../support/seeds.ts";
import { message, openIn, textsOf } from "../../../support/store.ts";
import { crashed } from "../../../support/stored.ts";

const MANY = 1 << 30;

/** A folder on a disk with that much room. */
function dirWith(dir: Dir, freeBytes: number): Dir {
  return new Proxy(dir, {
    get(_, name) {
      if (name === "space") return () => ({ usedBytes: 0, freeBytes });
      const value = Reflect.get(dir, name, dir);
      return typeof value === "function" ? value.bind(dir) : value;
    },
  });
}

function logIn(fs: MemFs, ...free: [string, number][]): SeveralDirs {
  return new SeveralDirs(free.map(([path, bytes]) => dirWith(fs.dir(path), bytes)), 65536);
}

async function fill(fs: MemFs, logDir: Dir): Promise<void> {
  await using store = await openIn(fs, { logDir });
  for (let i = 0; i < 200; i++) store.append(message({ text: String(i).padEnd(1_000) }));
  store.commit();
}

const names = (fs: MemFs, folder: string): number[] =>
  fs.paths(folder).map((path) => Number(path.slice(folder.length + 1)));

test("a log in several folders takes turns, and opens again after a crash", async () => {
  const fs = new MemFs();
  await fill(fs, logIn(fs, ["a", MANY], ["b", MANY]));
  assertEquals([names(fs, "a"), names(fs, "b")], [[0, 131072], [65536, 196608]]);
  for (const crash of [false, true]) {
    if (crash) crashed(fs).dir("store").remove("checkpoint");
    if (crash) fs.powerCut(new Random(1)); // what was closed is safe, the folders' names too
    await using store = await openIn(fs, { logDir: logIn(fs, ["a", MANY], ["b", MANY]) });
    assertEquals(textsOf(store, "T1", 0).map(Number), Array.from({ length: 200 }, (_, i) => i));
  }
});

test("a folder that is full is passed over, and read all the same", async () => {
  const fs = new MemFs();
  await fill(fs, logIn(fs, ["a", MANY], ["b", 65535]));
  assertEquals([names(fs, "a"), names(fs, "b")], [[0, 65536, 131072, 196608], []]);
  fs.put("b/00000000000000065536", fs.bytes("a/00000000000000065536"));
  fs.dir("a").remove("00000000000000065536");
  await using store = await openIn(fs, { logDir: logIn(fs, ["a", MANY], ["b", 65535]) });
  assertEquals(textsOf(store, "T1", 0).length, 200);
});

test("a cut takes files from all its folders", async () => {
  const fs = new MemFs();
  const logDir = logIn(fs, ["a", MANY], ["b", MANY]);
  await fill(fs, logDir);
  await using store = await openIn(fs, { logDir });
  await store.cut(65536);
  assertEquals([names(fs, "a"), names(fs, "b")], [[0], []]);
});

test("the room of several folders is that of the one with the most, their name one a shell knows", () => {
  const fs = new MemFs();
  const logDir = logIn(fs, ["a", 5], ["b", 7]);
  assertEquals([logDir.space().freeBytes, logDir.path], [7, "{/a,/b}"]);
});
