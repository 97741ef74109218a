import { assertEquals, assertRejects } from "@std/assert";
import type { Context } from "../../../../src/cli/command.ts";
import { repeated } from "../../../../src/cli/mqadmin/rounds.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import { test } from "../../../harness.ts";

/** A process whose seconds pass at once, and what it said. */
function fakeProcess() {
  const said: string[] = [];
  const waits: number[] = [];
  const stops: (() => void)[] = [];
  const context = {
    runtime: {
      clock: {
        after: (ms: number, fn: () => void) => {
          waits.push(ms);
          queueMicrotask(fn);
          return () => {};
        },
      },
    },
    terminal: {
      stderr: (text: string) => void said.push(text),
      onStopSignal: (fn: () => void) => void stops.push(fn),
    },
  } as unknown as Context;
  return { context, said, waits, stop: () => stops.forEach((fn) => fn()) };
}

test("repeated() goes on until it is stopped, over a round that nobody answers", async () => {
  const { context, said, waits, stop } = fakeProcess();
  let rounds = 0;
  const exit = await repeated(context, 5, () => {
    if (++rounds === 2) return Promise.reject(new CallError("timeout", "no name server answers"));
    if (rounds === 3) stop();
    return Promise.resolve(0);
  });
  assertEquals([rounds, exit], [3, 124]);
  assertEquals(said, ["pocketmq: no name server answers\n"]);
  assertEquals(waits, [5_000, 5_000]);
});

test("repeated() fails as any command does when its first round does", async () => {
  const { context } = fakeProcess();
  await assertRejects(() => repeated(context, 1, () => Promise.reject(new Error("no cluster"))));
});
