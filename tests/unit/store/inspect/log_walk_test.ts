import { assertEquals } from "@std/assert";
import { Handles } from "../../../../src/store/handles.ts";
import { LogWalk } from "../../../../src/store/inspect/log_walk.ts";
import { StoredFiles } from "../../../../src/store/inspect/stored_files.ts";
import { test } from "../../../harness.ts";
import { goldenStore } from "../../../support/golden_store.ts";
import type { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { message, openIn } from "../../../support/store.ts";

const LOG = "store/commitlog/00000000000000000000";

function filesOf(fs: MemFs): StoredFiles {
  return new StoredFiles([fs.dir("store/commitlog")], new Handles(4));
}

/** Steps as "kind at size", records that follow each other as one. */
function stepsOf(walk: LogWalk): string[] {
  const steps: string[] = [];
  let records = 0;
  for (;;) {
    const found = walk.next();
    if (found === "record") {
      records++;
      continue;
    }
    if (records > 0) steps.push(`${records} records`);
    records = 0;
    steps.push(`${found} ${walk.at} ${walk.size}${walk.reason ? ` ${walk.reason}` : ""}`);
    if (found === "end") return steps;
  }
}

test("LogWalk goes over filler and into a file that was made ahead", () => {
  const steps = stepsOf(new LogWalk(filesOf(goldenStore("master-killed")), runtime.codecs));
  assertEquals(steps, ["317 records", "blank 65522 14", "39 records", "end 74549 0"]);
});

test("LogWalk begins at the next whole record when none begins where it was told", () => {
  const walk = new LogWalk(filesOf(goldenStore("slave-clean")), runtime.codecs, 217);
  assertEquals([walk.next(), walk.at, walk.size], ["bad", 217, 208]);
  assertEquals([walk.next(), walk.at], ["record", 425]);
});

test("LogWalk goes on behind a file that is missing", () => {
  const fs = goldenStore("slave-clean");
  fs.put("store/commitlog/00000000000000196608", fs.bytes(LOG));
  const steps = stepsOf(new LogWalk(filesOf(fs), runtime.codecs));
  assertEquals(steps.at(-1)?.startsWith("end 74549 0"), true, steps.join()); // its records say 0
});

test("LogWalk says where a file that is cut short ends", () => {
  const fs = goldenStore("slave-clean");
  fs.file(LOG).apply({ size: 217 });
  const steps = stepsOf(new LogWalk(filesOf(fs), runtime.codecs));
  assertEquals(steps[0], "1 records");
  assertEquals(steps[1], "bad 216 65320 the file ends within a record");
});

test("LogWalk comes to records that are written while it stands at the end", async () => {
  const fs = goldenStore("slave-clean");
  const walk = new LogWalk(filesOf(fs), runtime.codecs, 74242);
  while (walk.next() !== "end");
  await using store = await openIn(fs);
  for (let i = 0; i < 3; i++) {
    store.append(message({ text: `m${i}` }));
    store.commit();
    assertEquals([walk.next(), walk.reason, walk.record.bodyLength], ["record", undefined, 2]);
    assertEquals(walk.next(), "end");
  }
});
