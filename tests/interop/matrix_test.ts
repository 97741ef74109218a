/**
 * Replication between ours and Java: every pair with one of ours in it meets every fault, under load, and ends
 * with the same bytes on both sides. The normal run has six cells, POCKETMQ_LONG all of them and Java's own pair.
 */
import { test } from "../harness.ts";
import { LONG } from "../support/seeds.ts";
import { Cell, MasterSide } from "./matrix/cell.ts";
import { staysConnected } from "./matrix/idle.ts";
import { type Fault, FAULTS } from "./matrix/faults.ts";
import type { By } from "./matrix/nodes.ts";
import { lazily } from "./suite.ts";

/** A Java slave speaks first when it was silent for this long; 5 s are the default, 1 s saves a cell minutes. */
const TIMERS = { haSendHeartbeatInterval: LONG ? 5_000 : 1_000 };

const SHORT: Record<string, readonly Fault[]> = {
  "our slave of a Java master": [
    "the slave starts empty",
    "the link is cut in a body",
    "the master is killed",
  ],
  "a Java slave of our master": [
    "the slave is killed in the middle of a packet",
    "the link is cut in a header",
    "the link is cut at a file end",
  ],
};

testPair("our slave of a Java master", "java", "ours");
testPair("a Java slave of our master", "ours", "java");
testPair("our slave of our master", "ours", "ours");
testPair("control: a Java slave of a Java master", "java", "java");

/** The rows of a pair. A Java master, slow to start, serves all of them; each has a slave of its own. */
function testPair(pair: string, master: By, slave: By): void {
  const faults = LONG ? Object.keys(FAULTS) as Fault[] : SHORT[pair] ?? [];
  if (faults.length === 0) return;
  const shared = lazily(() => MasterSide.start(master, TIMERS));
  for (const fault of faults) {
    test(`${pair}: ${fault}`, async () => {
      const begin = performance.now();
      const side = master === "java" ? await shared() : await MasterSide.start(master, TIMERS);
      try {
        await using cell = await Cell.begin(side, slave);
        await FAULTS[fault](cell);
        const outcome = await cell.assertEqual();
        if (LONG) console.log(`${Math.round((performance.now() - begin) / 1000)} s, ${outcome}`);
      } finally {
        if (side.master.by === "ours") await side[Symbol.asyncDispose]();
      }
    });
  }
  if (master === "java") {
    test(`${pair}: the master of these is ended`, async () =>
      await (await shared())[Symbol.asyncDispose]());
  }
}

if (LONG) {
  for (
    const [pair, master, slave] of [
      ["our slave of a Java master", "java", "ours"],
      ["a Java slave of our master", "ours", "java"],
    ] as const
  ) test(`${pair}: an idle pair stays connected`, () => staysConnected(master, slave));
}
