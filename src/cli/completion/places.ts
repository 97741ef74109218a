import type { Flag } from "../args.ts";
import type { Command } from "../command.ts";
import type { Verb, Verbs, Word } from "../verb.ts";

/** What stands for a value that a shell knows nothing about. */
const ANY = "any";

/** One place of a command line, and what may come there. Everything is a word without spaces, as shells split it. */
export interface Place {
  /** The words in front, as in "topic route"; empty behind the program's name. */
  readonly path: string;
  /** Words of which one comes next. */
  readonly verbs: readonly string[];
  /** `--json` of a switch, `--topic=topic` and `-t=topic` of one with a value, see `kindOf`. */
  readonly flags: readonly string[];
  /** The kind of each word that is no flag. */
  readonly words: readonly string[];
}

/** Every place of these commands; `root` is what may come instead of a command. */
export function placesOf(
  commands: readonly Command[],
  root: Readonly<Record<string, Flag>>,
): Place[] {
  const names = commands.map(({ name }) => name);
  return [
    { path: "", verbs: [...names, "help"], flags: flagsOf(root), words: [] },
    { path: "help", verbs: names, flags: [], words: [] },
    ...commands.flatMap((command) => placesFrom(command.name, command)),
  ];
}

function placesFrom(path: string, does: Verb | Verbs): Place[] {
  if (!("verbs" in does)) {
    return [{ path, verbs: [], flags: flagsOf(does.flags), words: does.words.map(kindOf) }];
  }
  const next = Object.entries(does.verbs);
  return [
    { path, verbs: next.map(([word]) => word), flags: ["--help"], words: [] },
    ...next.flatMap(([word, then]) => placesFrom(`${path} ${word}`, then)),
  ];
}

function flagsOf(flags: Readonly<Record<string, Flag>>): string[] {
  const all = Object.entries(flags).flatMap(([name, flag]) => {
    const kind = flag.kind === "switch" ? "" : `=${kindOf({ ...flag, kind: flag.names })}`;
    const long = `${name.length > 1 ? "--" : "-"}${name}${kind}`;
    return flag.letter === undefined || flag.letter === name
      ? [long]
      : [long, `-${flag.letter}${kind}`];
  });
  return [...all, "--help"];
}

/** A kind as the scripts know it: @a,b for choices; topic, group or broker; folder or file; any. */
function kindOf({ kind, choices }: Pick<Word, "kind" | "choices">): string {
  if (choices !== undefined) return `@${choices.join(",")}`;
  return kind === undefined || kind === "text" ? ANY : kind;
}

/** The places as cases of a POSIX shell that set `verbs`, `flags` and `words`. */
export function casesOf(places: readonly Place[]): string {
  return places.map(({ path, verbs, flags, words }) => {
    const sets = [["verbs", verbs], ["flags", flags], ["words", words]] as const;
    const set = sets.filter(([, all]) => all.length > 0)
      .map(([name, all]) => `pmq_${name}=${quoted(all.join(" "))}`);
    return `    ${quoted(path)}) ${set.join(" ")} ;;\n`;
  }).join("");
}

/** Text that no shell reads anything into. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
