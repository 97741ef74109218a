import { assertEquals } from "@std/assert";
import { Handles } from "../../../src/store/handles.ts";
import { Segment } from "../../../src/store/segment.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";

const NAME = "/q/00000000000000000000";

function create(fs: MemFs): number {
  let cuts = 0;
  fs.fault = (operation) => {
    if (operation === "truncate") cuts++;
    return undefined;
  };
  fs.dir("/q").make();
  Segment.create(fs.dir("/q"), 0, 200, new Handles(8));
  return cuts;
}

test("a new file gets its size at once: one cut to nothing ext4 writes out when it is closed", () => {
  const fs = new MemFs();
  assertEquals(create(fs), 1);
  assertEquals(fs.bytes(NAME), new Uint8Array(200));
});

test("what a failed attempt left of a new file is gone", () => {
  const fs = new MemFs();
  fs.put(NAME, new Uint8Array(90).fill(7));
  assertEquals(create(fs), 2);
  assertEquals(fs.bytes(NAME), new Uint8Array(200));
});
