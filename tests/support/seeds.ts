/** Chance that a seed repeats exactly. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** A whole number from `from` up to and including `to`. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** mulberry32: small, and good enough to choose what breaks. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
}

const env = (globalThis as unknown as {
  process: { env: Readonly<Record<string, string | undefined>> };
}).process.env;

/** POCKETMQ_LONG is set: everything is run, not only what a change of today is likely to break. */
export const LONG = Boolean(env.POCKETMQ_LONG);

/** POCKETMQ_SEED names one seed: what only all of them together show is not asked of it. */
export const ALONE = env.POCKETMQ_SEED !== undefined;

/** The seeds of a run: the first `count`, more when POCKETMQ_LONG is set, or the one that POCKETMQ_SEED names. */
export function seedsToRun(count: number, long: number = 20 * count): number[] {
  if (ALONE) return [Number(env.POCKETMQ_SEED)];
  return Array.from({ length: LONG ? long : count }, (_, i) => i + 1);
}

/** The failure of a seed, with how to run it alone. */
export function seedFailed(seed: number, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`seed ${seed} (POCKETMQ_SEED=${seed} runs it alone): ${reason}`, {
    cause: error,
  });
}

/** Runs `body` with each seed; one that fails says its number, so that it can be run alone. */
export async function everySeed(
  count: number,
  body: (random: Random, seed: number) => void | Promise<void>,
): Promise<void> {
  for (const seed of seedsToRun(count)) {
    try {
      await body(new Random(seed), seed);
    } catch (error) {
      throw seedFailed(seed, error);
    }
  }
}
