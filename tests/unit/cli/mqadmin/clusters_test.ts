import { assertEquals } from "@std/assert";
import type { Context } from "../../../../src/cli/command.ts";
import { again } from "../../../../src/cli/mqadmin/clusters.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";

test("again() looks every so many seconds, outlives a look nobody answers, ends with the last one's code", async () => {
  const clock = new VirtualClock();
  let stop = () => {};
  let said = "";
  const terminal = {
    stderr: (text: string) => void (said += text),
    onStopSignal: (fn: () => void) => void (stop = fn),
  };
  const codes = [0, 124, 1];
  let looks = 0;
  const look = () => {
    const code = codes[looks++];
    return code === 124
      ? Promise.reject(new CallError("timeout", "no answer"))
      : Promise.resolve(code);
  };
  const ended = again({ runtime: { clock }, terminal } as unknown as Context, 5, 0, look);
  for (let round = 1; round <= 3; round++) {
    await clock.advance(4_999);
    assertEquals(looks, round - 1);
    await clock.advance(1);
    assertEquals(looks, round);
  }
  assertEquals(said, "pocketmq: no answer\n");
  stop();
  assertEquals(await ended, 1);
});
