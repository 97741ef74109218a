import { pickRuntime } from "../../src/adapters/pick.ts";
import type { Runtime } from "../../src/ports/host.ts";

/** The adapter of the runtime the tests run on. */
export const { runtime }: { runtime: Runtime } = await pickRuntime();
