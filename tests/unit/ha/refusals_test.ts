import { assertEquals } from "@std/assert";
import { Refusal } from "../../../src/ha/admission.ts";
import { Refusals, Told } from "../../../src/ha/refusals.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { KeptLog } from "../../support/ha.ts";

function scene() {
  const clock = new VirtualClock();
  const log = new KeptLog();
  return { clock, log, refusals: new Refusals(clock, log) };
}

const foreign = new Refusal("FOREIGN", "it holds other bytes");
const ahead = new Refusal("AHEAD", "first report 9 is above our end 5");

test("refuse() holds for 1 s, then 2 and 4, at most 5, and from the start for another kind", () => {
  const { refusals } = scene();
  const held = (refusal: Refusal) => refusals.refuse("10.0.0.7", refusal);
  assertEquals([1, 2, 3, 4, 5].map(() => held(foreign)), [1_000, 2_000, 4_000, 5_000, 5_000]);
  assertEquals([held(ahead), held(ahead)], [1_000, 2_000]);
  refusals.served("10.0.0.7");
  assertEquals(held(ahead), 1_000);
});

test("refuse() says a change in one line, at most one a second", async () => {
  const { clock, log, refusals } = scene();
  for (let i = 0; i < 5; i++) refusals.refuse("10.0.0.7", foreign);
  assertEquals(log.lines, [
    'refused a slave {"remote":"10.0.0.7","kind":"FOREIGN","reason":"it holds other bytes",' +
    '"advice":"pocketmq ha accept 10.0.0.7 serves it all the same"}',
  ]);
  for (let i = 0; i < 50; i++) refusals.refuse("10.0.0.7", i % 2 ? foreign : ahead);
  assertEquals(log.lines.length, 1);
  await clock.advance(1_000);
  refusals.refuse("10.0.0.7", ahead);
  assertEquals(log.lines.length, 2);
});

test("all has the latest of each address, of 64 at most", () => {
  const { clock, refusals } = scene();
  for (let i = 0; i < 100; i++) refusals.refuse(`10.0.0.${i}`, foreign);
  refusals.refuse("10.0.0.50", ahead);
  assertEquals(refusals.all.length, 64);
  assertEquals(refusals.all[63], {
    addr: "10.0.0.50",
    kind: "AHEAD",
    reason: ahead.message,
    at: clock.now(),
  });
});

for (
  const { refused, accept, accepts } of [
    { refused: "10.0.0.7", accept: "10.0.0.7", accepts: true },
    { refused: "10.0.0.7", accept: "10.0.0.7:40007", accepts: true },
    { refused: "10.0.0.7:10911", accept: "10.0.0.7:10911", accepts: true },
    { refused: "10.0.0.7:10911", accept: "10.0.0.7", accepts: true },
    { refused: "10.0.0.7:10911", accept: "10.0.0.7:20911", accepts: false },
    { refused: "[fe80::7]:10911", accept: "fe80::7", accepts: true },
    { refused: "fe80::7", accept: "fe80::7", accepts: true },
    { refused: "10.0.0.7", accept: "10.0.0.8", accepts: false },
  ]
) {
  test(`accept("${accept}") when "${refused}" was refused: ${accepts ? "done" : "never refused"}`, () => {
    const { refusals } = scene();
    refusals.refuse(refused, foreign);
    const why = refusals.accept(accept);
    assertEquals(why?.includes("was never refused here"), accepts ? undefined : true);
    const host = refused.replace(/^\[(.*)\].*$/, "$1").replace(/^([\d.]+):.*$/, "$1");
    assertEquals(refusals.accepts(refused, host), accepts);
  });
}

test("Told says the end of a connection once, numbers aside, until it was served", () => {
  const log = new KeptLog();
  const told = new Told(log);
  for (let i = 0; i < 3; i++) told.left("10.0.0.7", new Error(`report of ${i}`));
  told.left("10.0.0.8", new Error("report of 1"));
  assertEquals(log.lines.length, 2);
  told.served("10.0.0.7");
  told.left("10.0.0.7", new Error("report of 1"));
  assertEquals(log.lines.length, 3);
});
