import type { Runtime, Terminal } from "../ports/host.ts";

/**
 * The runtime we run on. Bun is looked for first: it may carry a `Deno` for compatibility, Deno never a
 * `Bun`. Neither loads the other's adapter.
 */
export async function pickRuntime(): Promise<{ runtime: Runtime; terminal: Terminal }> {
  if ("Bun" in globalThis) {
    const { bunRuntime, bunTerminal } = await import("./bun.ts");
    return { runtime: bunRuntime(), terminal: bunTerminal() };
  }
  const { denoRuntime, denoTerminal } = await import("./deno.ts");
  return { runtime: denoRuntime(), terminal: denoTerminal() };
}
