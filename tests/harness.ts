/** The body of one test; it fails when it throws or rejects. */
export type TestBody = () => void | Promise<void>;

/** Bun would end a test after 5 s, which a busy machine needs for starting a few processes. */
const TIMEOUT_MS = 180_000;

const deno = (globalThis as { Deno?: { test?: (name: string, body: TestBody) => void } }).Deno;
const nodeTest = deno?.test ? undefined : (await import("node:test")).test;

/** Registers a test with whichever runner runs: `Deno.test`, or `node:test` under Bun. */
export function test(name: string, body: TestBody): void {
  if (deno?.test) deno.test(name, body);
  else nodeTest!(name, { timeout: TIMEOUT_MS }, body);
}
