import { AssertionError } from "@std/assert";

/** Looks again and again until it is done. @throws with `trouble` when that takes too long. */
export async function patiently(
  trouble: string | (() => string),
  done: () => boolean | Promise<boolean>,
  withinMs = 40_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!await done()) {
    if (performance.now() > deadline) {
      throw new AssertionError(typeof trouble === "string" ? trouble : trouble());
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
