import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "./runtime.ts";

/** The command that runs a few lines of CommonJS in a second process of the runtime the tests run on. */
export function script(source: string): [command: string, args: string[]] {
  if (runtime.name === "bun") return [process.execPath, ["-e", source]];
  const wrapped = `import { createRequire } from "node:module";
const require = createRequire("file:///");
${source}`;
  return [process.execPath, ["eval", wrapped]];
}

/** The command that runs a TypeScript file in a second process of that runtime. */
export function scriptFile(file: URL, ...args: string[]): [command: string, args: string[]] {
  const path = fileURLToPath(file);
  const how = runtime.name === "bun" ? ["run"] : ["run", "-A", "--no-check"];
  return [process.execPath, [...how, path, ...args]];
}
