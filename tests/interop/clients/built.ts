import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Does the work unless the file says that it was done for the same input. */
export async function onceFor(
  file: string,
  input: string,
  work: () => Promise<unknown>,
): Promise<void> {
  if (existsSync(file) && readFileSync(file, "utf8") === input) return;
  rmSync(file, { force: true });
  await work();
  writeFileSync(file, input);
}

/** The texts of a folder's files that the pattern fits, one behind the other. */
export function textsOf(folder: string, pattern: RegExp): string {
  const names = readdirSync(folder).filter((name) => pattern.test(name)).sort();
  return names.map((name) => readFileSync(join(folder, name), "utf8")).join("");
}
