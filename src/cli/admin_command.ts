import { nearest } from "../base/nearest.ts";
import type { Flag } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { Exit, UsageError } from "./exit.ts";
import { helpOf } from "./help.ts";
import { all, commandNamed } from "./mqadmin/all.ts";
import type { MqadminCommand } from "./mqadmin/command.ts";
import { COMMON, readGiven } from "./mqadmin/flags.ts";
import { helpText, listText } from "./mqadmin/help.ts";
import type { Verb } from "./verb.ts";

/** `pocketmq admin` */
export const admin: Command = {
  name: "admin",
  usage: "NAME [FLAGS]",
  summary: "Run mqadmin's commands, by its own names and flags",
  help: listText(all),
  helpsItself: true,
  verbs: Object.fromEntries(Object.keys(all).map((name) => [name, verbOf(name, all[name])])),
  otherwise: runOther,
};

/** What a shell completes, and the command behind it. */
function verbOf(name: string, command: MqadminCommand): Verb {
  const flags: Record<string, Flag> = { json: { kind: "switch" } };
  for (const [long, flag] of Object.entries({ ...command.flags, ...COMMON })) {
    if (long.includes(" ")) continue; // mqadmin has some; no shell's word list can hold them
    const { kind, letter, choices, names } = flag;
    flags[long] = kind === "truth"
      ? { kind: "text", letter, choices: ["true", "false"] }
      : { kind, letter, ...choices && { choices }, ...names && { names } };
  }
  return { flags, words: [], run: (context, args) => runNamed(context, name, args) };
}

/** What stands there is no command's name, letter by letter. */
function runOther(context: Context, [word, ...rest]: readonly string[]): Promise<number> {
  if (word === undefined || ["-h", "--help"].includes(word)) return list(context);
  if (word.startsWith("-")) {
    throw new UsageError(`admin needs a command's name first, before "${word}"`);
  }
  if (word.toLowerCase() === "help") {
    return rest.length === 0 ? list(context) : runNamed(context, known(rest[0]), ["--help"]);
  }
  return runNamed(context, known(word), rest);
}

function list({ terminal }: Context): Promise<number> {
  terminal.stdout(helpOf(admin));
  return Promise.resolve(Exit.OK);
}

function known(word: string): string {
  const name = commandNamed(word);
  if (name !== undefined) return name;
  const meant = nearest(word, Object.keys(all));
  throw new UsageError(`unknown command "${word}"${meant ? `, did you mean ${meant}?` : ""}`, {
    helpAt: "admin",
  });
}

async function runNamed(context: Context, name: string, args: readonly string[]): Promise<number> {
  const command = all[name];
  if (args.some((arg) => arg === "-h" || arg === "--help")) {
    context.terminal.stdout(helpText(name, command));
    return Exit.OK;
  }
  if (command.unsupported !== undefined) {
    context.terminal.stderr(`pocketmq: ${name} is not supported yet: ${command.unsupported}\n`);
    return Exit.FAILED;
  }
  try {
    return await command.run(context, readGiven(name, command, args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message, { helpAt: `admin ${name}` });
  }
}
