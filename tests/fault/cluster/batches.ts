import { test } from "../../harness.ts";
import { seedFailed } from "../../support/seeds.ts";

/** So few that a busy machine ends them within the time of a test. */
const SEEDS_A_TEST = 5;

/** What is to be run. */
export interface Batches {
  readonly seeds: readonly number[];
  readonly atATime: number;
  readonly body: (seed: number) => Promise<void>;
}

/** Registers a test for every few seeds. The first that fails ends its test, once those beside it are over. */
export function batches(name: string, { seeds, atATime, body }: Batches): void {
  for (let from = 0; from < seeds.length; from += SEEDS_A_TEST) {
    const some = seeds.slice(from, from + SEEDS_A_TEST);
    test(`${name}: seeds ${some[0]} to ${some[some.length - 1]}`, async () => {
      const left = [...some];
      const failures: Error[] = [];
      const lane = async () => {
        for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
          await body(seed).catch((error) => failures.push(seedFailed(seed!, error)));
          if (failures.length > 0) return;
        }
      };
      await Promise.all(Array.from({ length: atATime }, lane));
      if (failures.length > 0) throw failures[0];
    });
  }
}
