import { nearest } from "../../base/nearest.ts";
import { UsageError } from "../exit.ts";
import type { Given, MqadminCommand, MqadminFlag } from "./command.ts";

type Flags = Readonly<Record<string, MqadminFlag>>;

/** Flags of every command. */
export const COMMON: Flags = {
  namesrvAddr: {
    kind: "text",
    letter: "n",
    meaning: "name servers, A:P;B:P; default NAMESRV_ADDR, else 127.0.0.1:9876",
  },
};

/**
 * Reads a command line as mqadmin does: `-t T`, `-tT`, `--topic T`, `--topic=T`, and a value may begin with a
 * dash. Values lose the blanks around them. Beside mqadmin's there is --json.
 *
 * @throws {UsageError} for what mqadmin passes over, too: a flag given twice, a word that belongs to no flag.
 */
export function readGiven(
  name: string,
  { flags, oneOf = [] }: Pick<MqadminCommand, "flags" | "oneOf">,
  args: readonly string[],
): Given<Flags> {
  const all: Flags = { ...COMMON, ...flags };
  const texts = textsOf(name, all, args);
  const given: Record<string, unknown> = { json: texts.has("json") };
  for (const [long, flag] of Object.entries(all)) {
    given[long] = valueOf(long, flag, texts.get(long));
  }
  const missing = Object.keys(all).find((long) => all[long].required && !texts.has(long));
  if (missing !== undefined) {
    throw new UsageError(`${name} needs ${shown(missing, all[missing])}`);
  }
  checkOneOf(name, all, oneOf, texts);
  return given as Given<Flags>;
}

/** Each flag's text as it stands there; empty for a switch. */
function textsOf(name: string, all: Flags, args: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const { long, value } = flagIn(name, all, args[at]);
    if (texts.has(long)) throw new UsageError(`--${long} is given twice`);
    if (long === "json" || all[long].kind === "switch") {
      if (value !== undefined) throw new UsageError(`--${long} takes no value`);
      texts.set(long, "");
      continue;
    }
    const text = (value ?? args[++at] ?? "").trim();
    if (text === "") throw new UsageError(`${shown(long, all[long])} needs a value`);
    texts.set(long, text);
  }
  return texts;
}

/** Which flag a word is, and the value that stands in the same word. */
function flagIn(name: string, all: Flags, word: string): { long: string; value?: string } {
  if (!word.startsWith("-") || word === "-") {
    throw new UsageError(`${name} does not take "${word}", a value stands behind its flag`);
  }
  const [flag, ...rest] = word.split("=");
  const glued = rest.length > 0 ? rest.join("=") : undefined;
  if (word.startsWith("--")) {
    const long = flag.slice(2);
    if (long === "json" || Object.hasOwn(all, long)) return { long, value: glued };
  } else {
    const long = Object.keys(all).find((known) => all[known].letter === word[1]);
    if (long !== undefined) {
      return word.length === 2 ? { long } : { long, value: word.slice(word[2] === "=" ? 3 : 2) };
    }
  }
  const meant = nearest(flag.replace(/^-+/, ""), [...Object.keys(all), "json", "help"]);
  throw new UsageError(`unknown flag ${flag}${meant ? `, did you mean --${meant}?` : ""}`);
}

function valueOf(long: string, flag: MqadminFlag, text: string | undefined): unknown {
  if (text === undefined) return flag.kind === "switch" ? false : undefined;
  if (flag.unsupported !== undefined) {
    throw new UsageError(`${shown(long, flag)} is not supported: ${flag.unsupported}`);
  }
  const wrong = (wanted: string) =>
    new UsageError(`${shown(long, flag)} is "${text}", it must be ${wanted}`);
  switch (flag.kind) {
    case "switch":
      return true;
    case "truth":
      if (!/^(true|false)$/i.test(text)) throw wrong("true or false");
      return text.toLowerCase() === "true";
    case "count":
      if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(Number(text))) {
        throw wrong("a whole number");
      }
      return Number(text);
    case "text":
      if (flag.choices === undefined || flag.choices.includes(text)) return text;
      throw wrong(flag.choices.join(", ").replace(/, ([^,]*)$/, " or $1"));
  }
}

function checkOneOf(
  name: string,
  all: Flags,
  oneOf: readonly string[],
  texts: ReadonlyMap<string, string>,
): void {
  const there = oneOf.filter((long) => texts.has(long));
  if (oneOf.length === 0 || there.length === 1) return;
  const choice = oneOf.map((long) => shown(long, all[long])).join(" or ");
  throw new UsageError(`${name} needs ${choice}${there.length > 1 ? ", not both" : ""}`);
}

/** A flag as errors and helps name it. */
export function shown(long: string, { letter }: Pick<MqadminFlag, "letter">): string {
  return `-${letter} (--${long})`;
}
