import { parseAddress } from "../../../src/wire/host_address.ts";
import { test } from "../../harness.ts";
import { startPocketmq } from "../../support/binary.ts";
import { seedFailed, seedsToRun } from "../../support/seeds.ts";
import { runSeed } from "./run.ts";

/*
 * Processes, kernel and sockets are real here, so chance has a say beside the seed: a plan repeats exactly, the
 * instant of a kill does not. tests/fault/ha runs the same parts on a virtual clock, network and disk: there a
 * seed repeats to the byte, breaks can be put at any byte, and a hundred of them take a second.
 */

/** At a time: most of a run is waiting. */
const LANES = 3;
const SEEDS_A_TEST = 10;

const seeds = seedsToRun(20, 200);
for (let from = 0; from < seeds.length; from += SEEDS_A_TEST) {
  const some = seeds.slice(from, from + SEEDS_A_TEST);
  test(`whatever happens to a real cluster, SEND_OK is kept: seeds ${some[0]} to ${some.at(-1)}`, () =>
    runAll(some));
}

async function runAll(seeds: readonly number[]): Promise<void> {
  await using namesrv = await startPocketmq(["--namesrv", "--listenPort", "0"]);
  const address = parseAddress(namesrv.ready.namesrv!)!;
  const left = [...seeds];
  const failures: Error[] = [];
  const lane = async () => {
    while (left.length > 0 && failures.length === 0) {
      const seed = left.shift()!;
      await runSeed(seed, address).catch((error) => failures.push(seedFailed(seed, error)));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw failures[0];
}
