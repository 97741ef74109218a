import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../base/nearest.ts";
import { options } from "../broker/config.ts";
import { javaKeys, refusedWhenTrue } from "../broker/java_keys.ts";
import { UsageError } from "./exit.ts";
import { LOG_FORMATS, type LogFormat } from "./logging.ts";

/** What a word or a flag's value may name. Topics, groups and brokers are those of the cluster. */
export type Named = "topic" | "group" | "broker" | "folder" | "file";

/** A flag of a command: a switch, one with a value, or one that may be given several times. */
export interface Flag {
  readonly kind: "switch" | "text" | "count" | "texts";
  /** A one-letter form. */
  readonly letter?: string;
  /** All that a text may be. */
  readonly choices?: readonly string[];
  /** What its value names: a shell completes it with what there is. */
  readonly names?: Named;
}

/** What a command was given, by the kinds of its flags. */
export type FlagValues<F extends Readonly<Record<string, Flag>>> = {
  readonly [K in keyof F]: F[K]["kind"] extends "switch" ? boolean
    : F[K]["kind"] extends "texts" ? readonly string[]
    : (F[K]["kind"] extends "count" ? number : string) | undefined;
};

/** A command line, read. */
export interface Parsed<F extends Readonly<Record<string, Flag>>> {
  readonly flags: FlagValues<F>;
  /** What is no flag, in order. */
  readonly words: readonly string[];
}

/** Reads the words of one command. @throws {UsageError} for an unknown flag or a value that is missing or no count. */
export function parseFlags<const F extends Readonly<Record<string, Flag>>>(
  args: readonly string[],
  flags: F,
): Parsed<F> {
  const names = Object.keys(flags);
  const switches = names.filter((name) => flags[name].kind === "switch");
  const parsed = parseArgs(args, {
    string: ["_", ...names.filter((name) => !switches.includes(name))],
    boolean: switches,
    collect: names.filter((name) => flags[name].kind === "texts"),
    alias: Object.fromEntries(
      names.flatMap((name) => flags[name].letter ? [[name, flags[name].letter]] : []),
    ),
    unknown: (arg, key) => {
      if (key !== undefined) throw unknownFlag(arg, names);
    },
  });
  const values: Record<string, unknown> = {};
  for (const name of names) values[name] = valueOf(name, flags[name], parsed[name]);
  return { flags: values as FlagValues<F>, words: parsed._.map(String) };
}

function valueOf(name: string, { kind, choices }: Flag, given: unknown): unknown {
  if (kind === "switch") return given === true;
  if (kind === "texts") return textsOf(name, given);
  if (given === undefined) return undefined;
  if (given === "") throw new UsageError(`--${name} needs a value`);
  if (kind === "text") {
    if (choices === undefined || choices.includes(String(given))) return given;
    const all = choices.join(", ").replace(/, ([^,]*)$/, " or $1");
    throw new UsageError(`--${name} is "${given}", it must be ${all}`);
  }
  const count = Number(given);
  if (!/^[0-9]+$/.test(String(given)) || !Number.isSafeInteger(count)) {
    throw new UsageError(`--${name} is "${given}", it must be a whole number`);
  }
  return count;
}

function textsOf(name: string, given: unknown): string[] {
  const all = Array.isArray(given) ? given.map(String) : [];
  if (all.includes("")) throw new UsageError(`--${name} needs a value`);
  return all;
}

function unknownFlag(arg: string, names: readonly string[]): UsageError {
  const [given] = arg.split("=");
  const meant = nearest(given.replace(/^-+/, ""), [...names, "help"]);
  return new UsageError(`unknown flag ${given}${meant ? `, did you mean --${meant}?` : ""}`);
}

/** What the flags of a node say. */
export interface NodeArgs {
  readonly help: boolean;
  readonly namesrv: boolean;
  readonly master: boolean;
  readonly slave: boolean;
  /** Path of the file given with -c. */
  readonly file: string | undefined;
  readonly logFormat: LogFormat;
  /** Configuration keys, known or not; a flag without a value is an empty text. */
  readonly keys: Readonly<Record<string, string>>;
}

const SWITCHES = ["namesrv", "master", "slave", "help"];

/** Reads the flags of a node. @throws {UsageError} when they ask for nothing, or for what cannot be. */
export function parseNode(args: readonly string[]): NodeArgs {
  const known = [...Object.keys(options), ...javaKeys, ...refusedWhenTrue.keys()];
  const unknown: Record<string, string> = {};
  const parsed = parseArgs(args, {
    string: ["_", "c", "logFormat", ...known], // else deleteWhen 04 would be read as the number 4
    boolean: SWITCHES,
    alias: { namesrvAddr: "n", help: "h" },
    unknown: (arg, key, value) => {
      if (key === undefined) {
        throw new UsageError(`"${arg}" is not a flag; a value stands behind its --KEY`);
      }
      unknown[key] = value === true ? "" : String(value);
      return false;
    },
  });
  const keys: Record<string, string> = { ...unknown };
  for (const key of known) if (parsed[key] !== undefined) keys[key] = String(parsed[key]);
  const node: NodeArgs = {
    help: parsed.help === true,
    namesrv: parsed.namesrv === true,
    master: parsed.master === true,
    slave: parsed.slave === true,
    file: given("-c", parsed.c, "a file"),
    logFormat: logFormatOf(given("--logFormat", parsed.logFormat, LOG_FORMATS.join(" or "))),
    keys,
  };
  if (!node.help) checkRoles(node, Object.keys(unknown));
  return node;
}

function given(flag: string, value: unknown, wanted: string): string | undefined {
  if (value === "") throw new UsageError(`${flag} needs a value, ${wanted}`);
  return value === undefined ? undefined : String(value);
}

/** The log format a flag names; text when there is none. @throws {UsageError} */
export function logFormatOf(text: string | undefined): LogFormat {
  const format = LOG_FORMATS.find((known) => known === (text ?? "text"));
  if (format === undefined) {
    throw new UsageError(`--logFormat is "${text}", it must be ${LOG_FORMATS.join(" or ")}`);
  }
  return format;
}

function checkRoles(node: NodeArgs, unknown: readonly string[]): void {
  if (node.master && node.slave) {
    throw new UsageError(
      "--master and --slave cannot share a process here; for a group on one machine: pocketmq dev --slaves N",
    );
  }
  if (node.namesrv || node.master || node.slave || node.file !== undefined) return;
  for (const word of unknown) {
    const meant = nearest(word, SWITCHES);
    if (meant) throw new UsageError(`unknown flag --${word}, did you mean --${meant}?`);
  }
  throw new UsageError("no role given: --namesrv, --master or --slave, or -c with a broker's file");
}
