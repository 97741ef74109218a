/** The body of one test; it fails when it throws or rejects. */
export type TestBody = () => void | Promise<void>;

const deno = (globalThis as { Deno?: { test?: (name: string, body: TestBody) => void } }).Deno;
const nodeTest = deno?.test ? undefined : (await import("node:test")).test;

/** Registers a test with whichever runner runs: `Deno.test`, or `node:test` under Bun. */
export function test(name: string, body: TestBody): void {
  if (deno?.test) deno.test(name, body);
  else nodeTest!(name, body);
}
