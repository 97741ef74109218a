import { assertEquals, assertRejects } from "@std/assert";
import type { Context } from "../../../src/cli/command.ts";
import { type View, watched } from "../../../src/cli/watch.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { fakeTerminal } from "../../support/fake_terminal.ts";
import { runtime as real } from "../../support/runtime.ts";

/** Looks that come to these, one after the other. */
function looks(
  views: readonly (View | Error)[],
  flags: { watch?: boolean; json?: boolean } = {},
  isTerminal = false,
) {
  const clock = new VirtualClock();
  const { terminal, out, interrupt } = fakeTerminal({ isTerminal });
  const left = [...views];
  const runtime: Context["runtime"] = { ...real, clock };
  const look = (): Promise<View> => {
    const view = left.shift();
    if (view === undefined) return new Promise(() => {}); // one that never ends
    return view instanceof Error ? Promise.reject(view) : Promise.resolve(view);
  };
  const { watch = true, json = false } = flags;
  return { clock, out, interrupt, ended: watched({ runtime, terminal }, { watch, json }, look) };
}

const view = (text: string, exit = 0): View => ({ text: `${text}\n`, exit });

test("watched() looks once without --watch", async () => {
  const { out, ended } = looks([view("A", 3), view("B")], { watch: false });
  assertEquals([await ended, out.stdout], [3, "A\n"]);
});

test("watched() looks again every 2 s, and Ctrl-C ends it with what was seen last", async () => {
  const { clock, out, interrupt, ended } = looks([view("A"), view("B", 3)]);
  await clock.advance(1_900);
  assertEquals(out.stdout, "A\n\n");
  await clock.advance(100);
  assertEquals(out.stdout, "A\n\nB\n\n");
  interrupt();
  assertEquals(await ended, 3);
  assertEquals(clock.waiting, 0);
});

test("watched() does not wait for a look under way when Ctrl-C comes", async () => {
  const { clock, interrupt, ended } = looks([view("A")]);
  await clock.advance(2_000);
  interrupt();
  assertEquals(await ended, 0);
});

test("watched() clears a terminal, but not for JSON", async () => {
  const person = looks([view("A")], {}, true);
  await person.clock.advance(1);
  assertEquals(person.out.stdout, "\x1b[H\x1b[2JA\n");
  const machine = looks([view("A"), view("B")], { json: true }, true);
  await machine.clock.advance(2_000);
  assertEquals(machine.out.stdout, "A\nB\n");
  for (const { interrupt, ended } of [person, machine]) {
    interrupt();
    await ended;
  }
});

test("watched() goes on when nobody answers for a while, and ends when the first look fails", async () => {
  const gone = new CallError("timeout", "no answer");
  const { clock, out, interrupt, ended } = looks([view("A"), gone, view("B"), gone]);
  await clock.advance(6_000);
  assertEquals(out.stdout, "A\n\npocketmq: no answer\n\nB\n\npocketmq: no answer\n\n");
  interrupt();
  assertEquals(await ended, 124);
  const json = looks([view("{}"), gone], { json: true });
  await json.clock.advance(2_000);
  assertEquals(json.out.stdout, '{}\n{"failed":"no answer"}\n');
  json.interrupt();
  await json.ended;
  await assertRejects(() => looks([gone]).ended, CallError);
  const bug = looks([view("A"), new TypeError("a bug")]);
  const fails = assertRejects(() => bug.ended, TypeError);
  await bug.clock.advance(2_000);
  await fails;
});
