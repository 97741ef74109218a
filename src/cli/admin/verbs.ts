import { nearest } from "../../base/nearest.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../exit.ts";

/** What one sub-command does; gives the exit code. */
export type Verb = (context: Context, args: readonly string[]) => Promise<number>;

/** Runs the sub-command that the first word names. @throws {UsageError} with the one that may be meant. */
export async function runVerb(
  name: string,
  verbs: Readonly<Record<string, Verb>>,
  context: Context,
  [word, ...rest]: readonly string[],
): Promise<number> {
  if (word !== undefined && Object.hasOwn(verbs, word)) return await verbs[word](context, rest);
  const known = Object.keys(verbs);
  const all = known.join(", ").replace(/, ([^,]*)$/, " or $1");
  if (word === undefined || word.startsWith("-")) {
    throw new UsageError(`${name} needs a word first: ${all}`);
  }
  const meant = nearest(word, known);
  throw new UsageError(
    `unknown word "${word}" behind ${name}, ${
      meant ? `did you mean ${meant}?` : `it must be ${all}`
    }`,
  );
}

/** Exactly these words, by name. @throws {UsageError} naming the first that is missing, or is too many. */
export function wordsOf<const N extends readonly string[]>(
  command: string,
  words: readonly string[],
  names: N,
): { readonly [K in keyof N]: string } {
  if (words.length < names.length) {
    throw new UsageError(`${command} needs ${names[words.length]}`);
  }
  if (words.length > names.length) {
    throw new UsageError(`${command} does not take "${words[names.length]}"`);
  }
  return words as { readonly [K in keyof N]: string };
}
