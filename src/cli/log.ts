import { type Flag, parseFlags } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { UsageError } from "./exit.ts";
import { diff } from "./log_diff.ts";
import { dump } from "./log_dump.ts";
import { placeOf } from "./log_place.ts";
import { rebuild } from "./log_rebuild.ts";
import { stat } from "./log_stat.ts";
import { verify } from "./log_verify.ts";
import type { Verb } from "./verb.ts";

const PLACE_FLAGS = {
  json: { kind: "switch" },
  storePathCommitLog: { kind: "text" },
} as const satisfies Record<string, Flag>;

/** What follows `pocketmq log`, by its first word. */
const VERBS: Readonly<
  Record<string, (context: Context, args: readonly string[]) => Promise<number> | number>
> = {
  dump(context, args) {
    const { flags, words } = parseFlags(args, {
      ...PLACE_FLAGS,
      topic: { kind: "text" },
      queue: { kind: "count" },
      from: { kind: "count" },
      to: { kind: "count" },
      key: { kind: "text" },
      tag: { kind: "text" },
      limit: { kind: "count" },
      body: { kind: "switch" },
    });
    const [dir] = folders("dump", words, 1);
    return dump(context, placeOf(context.runtime.fs, dir, flags.storePathCommitLog), flags);
  },
  verify(context, args) {
    const { flags, words } = parseFlags(args, {
      ...PLACE_FLAGS,
      strict: { kind: "switch" },
      limit: { kind: "count" },
    });
    const [dir] = folders("verify", words, 1);
    return verify(context, placeOf(context.runtime.fs, dir, flags.storePathCommitLog), flags);
  },
  stat(context, args) {
    const { flags, words } = parseFlags(args, { ...PLACE_FLAGS, queues: { kind: "switch" } });
    const [dir] = folders("stat", words, 1);
    return stat(context, placeOf(context.runtime.fs, dir, flags.storePathCommitLog), flags);
  },
  async rebuild(context, args) {
    const { flags, words } = parseFlags(args, {
      ...PLACE_FLAGS,
      mappedFileSizeConsumeQueue: { kind: "count" },
      maxHashSlotNum: { kind: "count" },
      maxIndexNum: { kind: "count" },
      messageDelayLevel: { kind: "text" },
    });
    const [dir] = folders("rebuild", words, 1);
    return await rebuild(
      context,
      placeOf(context.runtime.fs, dir, flags.storePathCommitLog),
      flags,
    );
  },
  diff(context, args) {
    const { flags, words } = parseFlags(args, { json: { kind: "switch" } });
    const [a, b] = folders("diff", words, 2);
    const { fs } = context.runtime;
    return diff(context, { a: placeOf(fs, a, undefined), b: placeOf(fs, b, undefined) }, flags);
  },
};

/** `pocketmq log` */
export const log: Command & Pick<Verb, "run"> = {
  name: "log",
  usage: "dump DIR | verify DIR | stat DIR | rebuild DIR | diff A B",
  summary: "Look into a store on this machine, ours or a Java broker's, running or stopped",
  help: `
  dump DIR          list the records of the log
    --topic T --queue N --tag T --key K    only those; K may be a unique key, too
    --from N --to N                        only from log offset to log offset
    --limit N                              end after N of them
    --body                                 with their bodies
  verify DIR        check a whole store: each record's lengths, CRC and own offset, each
                    queue entry against its record and each record against its entry, the
                    key index, checkpoint and tables
    --strict        what the next start mends by itself counts, too
    --limit N       show N findings of a kind (20)
  stat DIR          count what is there, by topic
    --queues        by queue
  rebuild DIR       make consume queues and key index again from the log, beside the old
                    ones, and swap them; killed on the way, nothing is lost. It takes the
                    lock: the broker must be stopped. Where the broker's configuration
                    has one of these, give it here, too; sizes are else as the files are:
    --mappedFileSizeConsumeQueue N --maxHashSlotNum N --maxIndexNum N
    --messageDelayLevel '1s 5s ...'
  diff A B          the first byte in which two logs differ where both are, and what
                    record holds it on each side

DIR, A and B are a storePathRootDir, or a folder with nothing but a log. Nothing in it is
changed, and no lock is taken, but by rebuild.
  --storePathCommitLog DIR[,DIR]   where the log lies, when not in DIR/commitlog
  --json                           one JSON object a line

Exit codes:
    0  done; verify: nothing is wrong; diff: equal where both are, with the same end
    1  the folder cannot be read; diff: not equal
    2  the command line is wrong
    4  verify: something is wrong; dump: damage was passed over; rebuild: refused, a
       broker has the store or its log is damaged

Examples:
  pocketmq log verify ./pocketmq-data/broker-a-0
  pocketmq log verify ~/store --json | jq 'select(.part == "log")'
  pocketmq log dump ~/store --topic orders --key 4711 --body
  pocketmq log dump ~/store --from 1073741824 --limit 1 --json
  pocketmq log stat ~/store --queues
  pocketmq log rebuild ~/store
  pocketmq log diff ~/store ~/store-of-the-slave
`,
  async run(context, args) {
    const [verb, ...rest] = args;
    const known = Object.hasOwn(VERBS, verb ?? "") ? VERBS[verb] : undefined;
    if (known) return await known(context, rest);
    const words = Object.keys(VERBS).join(", ").replace(/, ([^,]*)$/, " or $1");
    throw new UsageError(
      verb === undefined
        ? `log needs a word: ${words}`
        : `unknown word "${verb}", it must be ${words}`,
    );
  },
};

function folders(verb: string, words: readonly string[], count: 1 | 2): readonly string[] {
  if (words.length < count) {
    const wanted = count === 1 ? "the folder of a store" : "the folders of two stores";
    throw new UsageError(`log ${verb} needs ${wanted}`);
  }
  if (words.length > count) {
    const most = count === 1 ? "one folder" : "two folders";
    throw new UsageError(`log ${verb} takes ${most}, not "${words[count]}" too`);
  }
  return words;
}
