import { assertEquals } from "@std/assert";
import { dropRebuilt, finishSwap, swapRebuilt } from "../../../../src/store/opening/rebuilt.ts";
import { utf8 } from "../../../../src/base/bytes.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";

/** A folder with these files, each of which holds its own path. */
function folderWith(paths: readonly string[]): MemFs {
  const fs = new MemFs();
  for (const path of paths) fs.put(`store/${path}`, utf8(path));
  return fs;
}

/** Where each file of the folder is, and where it was. */
function movesOf(fs: MemFs): string[] {
  return fs.paths("store").map((path) => `${path} ${new TextDecoder().decode(fs.bytes(path))}`);
}

test("swapRebuilt() puts what was made in the place of what was there", async () => {
  const fs = folderWith(["index/a", "index.rebuilt/b", "consumequeue.rebuilt/c", "commitlog/d"]);
  await swapRebuilt(fs.dir("store"));
  assertEquals(movesOf(fs), [
    "store/commitlog/d commitlog/d",
    "store/consumequeue/c consumequeue.rebuilt/c",
    "store/index/b index.rebuilt/b",
  ]);
});

test("finishSwap() changes nothing when no swap is under way", async () => {
  const fs = folderWith(["index/a", "index.rebuilt/b"]);
  await finishSwap(fs.dir("store"));
  assertEquals(fs.paths("store"), ["store/index.rebuilt/b", "store/index/a"]);
});

test("finishSwap() keeps what another kind of broker made since", async () => {
  const fs = folderWith(["rebuilt", "index/new", "index.rebuilt/b", "index.replaced/a"]);
  await finishSwap(fs.dir("store"));
  assertEquals(movesOf(fs), ["store/index/new index/new"]);
});

test("dropRebuilt() removes what a rebuild left half made", () => {
  const fs = folderWith(["index/a", "index.rebuilt/b", "consumequeue.replaced/c"]);
  dropRebuilt(fs.dir("store"));
  assertEquals(fs.paths("store"), ["store/index/a"]);
});
