import type { Context } from "../command.ts";
import { tableOf } from "../table.ts";

/** One line of JSON for each of `rows`. */
export function printJson({ terminal }: Context, rows: Iterable<unknown>): void {
  let text = "";
  for (const row of rows) text += JSON.stringify(row) + "\n";
  terminal.stdout(text);
}

/** A table under mqadmin's titles, whole values; or with --json `objects`, one a line. */
export function printRows(
  context: Context,
  { json }: { readonly json: boolean },
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  objects: readonly unknown[],
): void {
  if (json) printJson(context, objects);
  else context.terminal.stdout(tableOf([titles, ...rows]));
}

/** What was done, in mqadmin's words; or with --json `object`. */
export function printDone(
  context: Context,
  { json }: { readonly json: boolean },
  words: string,
  object: unknown,
): void {
  context.terminal.stdout(json ? JSON.stringify(object) + "\n" : `${words}\n`);
}

/** A moment on this machine's clock, as mqadmin prints it: 2026-01-31 12:00:00,000. */
export function localTime(ms: number): string {
  const at = new Date(ms);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${day} ${time},${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** Settings in order of their names, as mqadmin prints them. */
export function settingLines(settings: ReadonlyMap<string, string>): string {
  return [...settings].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key.padEnd(50)}=  ${value}`.trimEnd() + "\n").join("");
}
