import { options } from "../broker/config.ts";
import { rebuildStore, type Rebuilt } from "../store/inspect/rebuild.ts";
import { StoredStore, type StorePlace } from "../store/inspect/stored.ts";
import type { Context } from "./command.ts";
import { Exit, UsageError } from "./exit.ts";
import { openLog } from "./logging.ts";
import { Progress } from "./progress.ts";
import { countText } from "./units.ts";

/** What the flags of `log rebuild` say; the keys are a broker's. */
export interface RebuildFlags {
  readonly json: boolean;
  readonly mappedFileSizeConsumeQueue: number | undefined;
  readonly maxHashSlotNum: number | undefined;
  readonly maxIndexNum: number | undefined;
  readonly messageDelayLevel: string | undefined;
}

/** `pocketmq log rebuild` */
export async function rebuild(
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
  place: StorePlace,
  flags: RebuildFlags,
): Promise<number> {
  const { mappedFileSizeConsumeQueue, maxHashSlotNum, maxIndexNum } = flags;
  if (mappedFileSizeConsumeQueue !== undefined && mappedFileSizeConsumeQueue % 20 !== 0) {
    throw new UsageError(
      `--mappedFileSizeConsumeQueue is ${mappedFileSizeConsumeQueue}, it must be a multiple of 20`,
    );
  }
  const progress = new Progress(terminal, bytesOf(place));
  const log = openLog((line) => terminal.stderr(line), "text", "warning");
  try {
    const told = {
      queueFileBytes: mappedFileSizeConsumeQueue,
      indexSlots: maxHashSlotNum,
      indexItems: maxIndexNum,
      delayLevelsMs: delaysOf(flags.messageDelayLevel),
      progress: (done: number) => progress.at(done),
    };
    const rebuilt = await rebuildStore(runtime, place, told, log);
    progress.end();
    terminal.stdout(flags.json ? JSON.stringify(rebuilt) + "\n" : rebuiltText(rebuilt));
    return Exit.OK;
  } finally {
    progress.end();
  }
}

function bytesOf(place: StorePlace): number {
  using store = new StoredStore(place);
  return store.log.length * store.log.fileBytes;
}

function delaysOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const { parse, wanted } = options.messageDelayLevel;
  const levels = parse(text);
  if (levels === undefined) {
    throw new UsageError(`--messageDelayLevel is "${text}", it must be ${wanted}`);
  }
  return levels;
}

function rebuiltText(rebuilt: Rebuilt): string {
  const { records, queues, entries, indexFiles, keys, keptQueues, lightQueues, logEnd } = rebuilt;
  const kept = keptQueues > 0
    ? `${keptQueues} more queues have no messages left; their numbers go on as they were.\n`
    : "";
  const light = lightQueues > 0 ? `${lightQueues} light queues were kept as they are.\n` : "";
  return `Rebuilt from ${countText(records, "record")}, up to log offset ${logEnd}: ` +
    `${countText(queues, "queue")} with ${entries} entries, ${
      countText(indexFiles, "index file")
    } with ${countText(keys, "key")}.\n${kept}${light}`;
}
