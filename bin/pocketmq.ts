#!/usr/bin/env bun
import { pickRuntime } from "../src/adapters/pick.ts";
import { main } from "../src/cli/main.ts";

const { runtime, terminal } = await pickRuntime();

// From source there is no command of that name yet; a bundle or an executable is one.
const fromSource = import.meta.url.endsWith("/bin/pocketmq.ts");
const byNpm = terminal.env.npm_lifecycle_event !== undefined; // then there may be no deno on the PATH
const deno = byNpm ? "tools/node_modules/.bin/deno" : "deno";
const run = { deno: `${deno} run -A`, bun: "bun" }[runtime.name];
const program = fromSource ? `${run} bin/pocketmq.ts` : "pocketmq";

terminal.exit(await main({ runtime, terminal, program }));
