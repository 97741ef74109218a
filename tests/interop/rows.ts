import { test, type TestBody } from "../harness.ts";
import { lazily } from "./suite.ts";

/**
 * Tests that mostly wait, in rows: those of a row run one after another, the rows beside each other. The first of
 * them to run starts all rows; each shows how its own body ended.
 */
export function rows<Name extends string>(
  ...names: readonly Name[]
): Record<Name, typeof test> {
  const bodies = new Map<Name, (() => Promise<unknown>)[]>(names.map((name) => [name, []]));
  const started = lazily(() => {
    for (const row of bodies.values()) runInTurn(row);
    return Promise.resolve();
  });
  const add = (row: Name) => (name: string, body: TestBody) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // it may fail before its test looks
    bodies.get(row)!.push(() => Promise.resolve().then(body).then(resolve, reject));
    test(name, async () => {
      await started();
      await promise;
    });
  };
  return Object.fromEntries(names.map((name) => [name, add(name)])) as Record<Name, typeof test>;
}

async function runInTurn(bodies: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const body of bodies) await body();
}
