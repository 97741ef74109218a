import { type Flag, parseFlags } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { UsageError } from "./exit.ts";
import { placeOf } from "./log_place.ts";
import { verify } from "./log_verify.ts";

const PLACE_FLAGS = {
  json: { kind: "switch" },
  storePathCommitLog: { kind: "text" },
} as const satisfies Record<string, Flag>;

/** What follows `pocketmq log`, by its first word. */
const VERBS: Readonly<
  Record<string, (context: Context, args: readonly string[]) => Promise<number> | number>
> = {
  verify(context, args) {
    const { flags, words } = parseFlags(args, {
      ...PLACE_FLAGS,
      strict: { kind: "switch" },
      limit: { kind: "count" },
    });
    return verify(
      context,
      placeOf(context.runtime.fs, oneDir("verify", words), flags.storePathCommitLog),
      flags,
    );
  },
};

/** `pocketmq log` */
export const log: Command = {
  name: "log",
  usage: "verify DIR",
  summary: "Look into a store on this machine, ours or a Java broker's, running or stopped",
  help: `
  verify DIR        check a whole store: each record's lengths, CRC and own offset, each
                    queue entry against its record and each record against its entry,
                    checkpoint and tables
    --strict        what the next start mends by itself counts, too
    --limit N       show N findings of a kind (20)

DIR is a storePathRootDir, or a folder with nothing but a log. Nothing in it is changed.
  --storePathCommitLog DIR[,DIR]   where the log lies, when not in DIR/commitlog
  --json                           one JSON object a line

Exit codes:
    0  done; verify: nothing is wrong
    1  the folder cannot be read
    2  the command line is wrong
    4  verify: something is wrong

Examples:
  pocketmq log verify ./pocketmq-data/broker-a-0
  pocketmq log verify ~/store --json | jq 'select(.part == "log")'
`,
  async run(context, args) {
    const [verb, ...rest] = args;
    const known = VERBS[verb];
    if (known) return await known(context, rest);
    const words = Object.keys(VERBS).join(", ").replace(/, ([^,]*)$/, " or $1");
    throw new UsageError(
      verb === undefined
        ? `log needs a word: ${words}`
        : `unknown word "${verb}", it must be ${words}`,
    );
  },
};

function oneDir(verb: string, words: readonly string[]): string {
  const [dir, more] = words;
  if (dir === undefined) throw new UsageError(`log ${verb} needs the folder of a store`);
  if (more !== undefined) throw new UsageError(`log ${verb} takes one folder, not "${more}" too`);
  return dir;
}
