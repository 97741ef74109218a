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
