import { runtime } from "../../support/runtime.ts";
import { ALONE, LONG, seedsToRun } from "../../support/seeds.ts";
import { batches } from "./batches.ts";
import { runSeed } from "./run.ts";

/*
 * Processes, kernel and sockets are real here, so chance has a say beside the seed: a plan repeats exactly, the
 * instant of a kill does not. tests/fault/ha runs the same parts on a virtual clock, network and disk: there a
 * seed repeats to the byte, breaks can be put at any byte, and a hundred of them take a second.
 */

/** A run of all tests is on both runtimes: each takes every other seed, which is most of a minute less. */
const ours = (seed: number): boolean =>
  LONG || ALONE || seed % 2 === (runtime.name === "deno" ? 1 : 0);

batches("whatever happens to a real cluster, SEND_OK is kept", {
  seeds: seedsToRun(20, 200).filter(ours),
  atATime: 3, // most of a run is waiting
  body: (seed) => runSeed(seed),
});

batches("whatever happens to a real cluster and its disks, SEND_OK is kept", {
  seeds: seedsToRun(6, 50).filter(ours),
  atATime: 3,
  body: (seed) => runSeed(seed, true),
});
