import { nearest } from "../base/nearest.ts";
import { type Flag, type FlagValues, type Named, parseFlags } from "./args.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./exit.ts";

/** What stands behind a command and is no flag. */
export interface Word {
  /** As an error names it: "a topic". */
  readonly what: string;
  /** What it names: a shell completes it with what there is. Text is what may need quotes. */
  readonly kind?: Named | "text";
  /** Some of what it may be, for a shell. */
  readonly choices?: readonly string[];
  readonly optional?: true;
}

/** What was given for each word, in order. */
export type WordValues<W extends readonly Word[]> = {
  readonly [K in keyof W]: W[K] extends { readonly optional: true } ? string | undefined : string;
};

/** What one command, or one word behind it, takes and does. Made by `verb`. */
export interface Verb {
  readonly flags: Readonly<Record<string, Flag>>;
  readonly words: readonly Word[];
  /** Does it; gives the exit code. `name` is what it is called in errors, as in "topic list". @throws {UsageError} */
  run(context: Context, args: readonly string[], name: string): Promise<number>;
}

/** The words of which one must follow, and what each means. */
export interface Verbs {
  readonly verbs: Readonly<Record<string, Verb | Verbs>>;
  /** What is done where none of them follows; without this, that is an error. */
  otherwise?(context: Context, args: readonly string[], name: string): Promise<number>;
}

/** A verb of what it takes and what it does with that. */
export function verb<
  const F extends Readonly<Record<string, Flag>>,
  const W extends readonly Word[],
>({ flags, words, run }: {
  readonly flags: F;
  readonly words: W;
  run(
    context: Context,
    given: { readonly flags: FlagValues<F>; readonly words: WordValues<W> },
  ): Promise<number>;
}): Verb {
  return {
    flags,
    words,
    run(context, args, name) {
      const given = parseFlags(args, flags);
      return run(context, { flags: given.flags, words: wordsOf(name, given.words, words) });
    },
  };
}

/** Does what `args` ask for, by the words in front of them. @throws {UsageError} with the word that may be meant. */
export async function runVerbs(
  does: Verb | Verbs,
  context: Context,
  args: readonly string[],
  name: string,
): Promise<number> {
  if (!("verbs" in does)) return await does.run(context, args, name);
  const [word, ...rest] = args;
  if (word !== undefined && Object.hasOwn(does.verbs, word)) {
    return await runVerbs(does.verbs[word], context, rest, `${name} ${word}`);
  }
  if (does.otherwise) return await does.otherwise(context, args, name);
  const known = Object.keys(does.verbs);
  const all = known.join(", ").replace(/, ([^,]*)$/, " or $1");
  if (word === undefined || word.startsWith("-")) {
    throw new UsageError(`${name} needs a word first: ${all}`);
  }
  const meant = nearest(word, known);
  const hint = meant ? `did you mean ${meant}?` : `it must be ${all}`;
  throw new UsageError(`unknown word "${word}" behind ${name}, ${hint}`);
}

/** Exactly the words that are wanted. @throws {UsageError} naming the first that is missing, or is too many. */
function wordsOf<const W extends readonly Word[]>(
  name: string,
  given: readonly string[],
  wanted: W,
): WordValues<W> {
  const missing = wanted.find(({ optional }, i) => !optional && i >= given.length);
  if (missing !== undefined) throw new UsageError(`${name} needs ${missing.what}`);
  if (given.length > wanted.length) {
    const quote = wanted.at(-1)?.kind === "text" ? " too; quote a text with spaces in it" : "";
    throw new UsageError(`${name} does not take "${given[wanted.length]}"${quote}`);
  }
  return given as WordValues<W>;
}
