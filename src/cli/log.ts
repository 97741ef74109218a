import type { StorePlace } from "../store/inspect/stored.ts";
import type { Flag } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { diff } from "./log_diff.ts";
import { dump } from "./log_dump.ts";
import { placeOf } from "./log_place.ts";
import { rebuild } from "./log_rebuild.ts";
import { stat } from "./log_stat.ts";
import { verify } from "./log_verify.ts";
import { verb } from "./verb.ts";

const PLACE_FLAGS = {
  json: { kind: "switch" },
  storePathCommitLog: { kind: "text", names: "folder" },
} as const satisfies Record<string, Flag>;

const STORE = { what: "the folder of a store", kind: "folder" } as const;

const dumpVerb = verb({
  flags: {
    ...PLACE_FLAGS,
    topic: { kind: "text" },
    queue: { kind: "count" },
    from: { kind: "count" },
    to: { kind: "count" },
    key: { kind: "text" },
    tag: { kind: "text" },
    limit: { kind: "count" },
    body: { kind: "switch" },
  },
  words: [STORE],
  run: (context, { flags, words: [dir] }) => at(context, dir, flags, dump),
});

const verifyVerb = verb({
  flags: { ...PLACE_FLAGS, strict: { kind: "switch" }, limit: { kind: "count" } },
  words: [STORE],
  run: (context, { flags, words: [dir] }) => at(context, dir, flags, verify),
});

const statVerb = verb({
  flags: { ...PLACE_FLAGS, queues: { kind: "switch" } },
  words: [STORE],
  run: (context, { flags, words: [dir] }) => at(context, dir, flags, stat),
});

const rebuildVerb = verb({
  flags: {
    ...PLACE_FLAGS,
    mappedFileSizeConsumeQueue: { kind: "count" },
    maxHashSlotNum: { kind: "count" },
    maxIndexNum: { kind: "count" },
    messageDelayLevel: { kind: "text" },
  },
  words: [STORE],
  run: (context, { flags, words: [dir] }) => at(context, dir, flags, rebuild),
});

const diffVerb = verb({
  flags: { json: { kind: "switch" } },
  words: [STORE, { what: "the folder of another store", kind: "folder" }],
  run(context, { flags, words: [a, b] }) {
    const { fs } = context.runtime;
    const places = { a: placeOf(fs, a, undefined), b: placeOf(fs, b, undefined) };
    return Promise.resolve(diff(context, places, flags));
  },
});

/** `pocketmq log` */
export const log: Command = {
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
  verbs: {
    dump: dumpVerb,
    verify: verifyVerb,
    stat: statVerb,
    rebuild: rebuildVerb,
    diff: diffVerb,
  },
};

/** Does `work` with the store that lies in the folder. */
async function at<F extends { readonly storePathCommitLog: string | undefined }>(
  context: Context,
  dir: string,
  flags: F,
  work: (context: Context, place: StorePlace, flags: F) => Promise<number> | number,
): Promise<number> {
  return await work(context, placeOf(context.runtime.fs, dir, flags.storePathCommitLog), flags);
}
