import { assertEquals } from "@std/assert";
import { FsError } from "../../../../src/ports/fs.ts";
import type { CommitLog } from "../../../../src/store/commit_log.ts";
import type { Dispatch } from "../../../../src/store/dispatch.ts";
import { IndexFill } from "../../../../src/store/index/index_fill.ts";
import type { KeyIndex } from "../../../../src/store/index/key_index.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { Lines } from "../../../support/store.ts";

test("a log that cannot be read for keys is said once, however often it is tried", async () => {
  const clock = new VirtualClock();
  const lines = new Lines();
  let tries = 0;
  const log = {
    minOffset: 0,
    fileBytes: 65536,
    readAt(): number {
      tries++;
      throw new FsError("other", "broken");
    },
  } as unknown as CommitLog;
  const index = { position: 0, isBehind: true, onBehind() {} } as unknown as KeyIndex;
  const dispatch = { position: 1_000 } as Dispatch;
  const fill = new IndexFill({ index, log, dispatch, clock }, lines);
  await clock.advance(10_000);
  fill.close();
  assertEquals(tries > 5, true);
  assertEquals(lines.lines, [
    'error cannot read keys from the log {"at":0,"reason":"broken"}',
  ]);
});
