import { AutoSave, JsonFile } from "../base/json_file.ts";
import type { Log } from "../base/log.ts";
import type { Dir } from "../ports/fs.ts";
import type { Clock } from "../ports/host.ts";
import { JsonBody } from "../wire/json_body.ts";
import {
  formatOffsetTable,
  type OffsetPosition,
  type OffsetTable,
  parseOffsetTable,
  splitPlace,
} from "../wire/offset.ts";
import { mergeOffset } from "./merge_offset.ts";
import type { Offsets } from "./offsets.ts";

/** What `OffsetCopy` works with. */
export interface OffsetCopyOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between a change and its way to the disk. Source: BrokerConfig. */
  readonly flushConsumerOffsetInterval: number;
  /** The slave's own table. */
  readonly offsets: Offsets;
  /** Where a queue ends here. */
  readonly endOf: (topic: string, queueId: number) => number;
}

type Queues = ReadonlyMap<number, number>;

/** In place of what the master said: it never did, and it is not told what we have there. */
const NOT_OURS = -1;

/**
 * A slave's side of its master's consumer offsets: keeps what the master said last, in masterOffset.json, so
 * that a step back there is told from a step ahead here, also after a restart of either.
 */
export class OffsetCopy {
  readonly #options: OffsetCopyOptions;
  readonly #file: JsonFile;
  readonly #save: AutoSave;
  readonly #said = new Map<string, Map<number, number>>();
  /** When that master process started, ms since 1970; undefined when none ever said anything. */
  #life: number | undefined;

  constructor(options: OffsetCopyOptions) {
    const { dir, clock, log, flushConsumerOffsetInterval } = options;
    this.#options = options;
    this.#file = new JsonFile(dir, "masterOffset.json", log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: flushConsumerOffsetInterval,
      text: () => this.#text(),
    });
  }

  /** Reads the file, behind the slave's own table and before anything else is asked. @throws {CorruptLogError} */
  load(): void {
    const stored = this.#file.load((text) => ({
      table: parseOffsetTable(text),
      life: JsonBody.parse(text).long("bootTimestamp"),
    }));
    // Without it, what the slave brings counts as said by some master: it may be old.
    for (const [place, queues] of stored?.table ?? this.#options.offsets.table()) {
      this.#said.set(place, new Map(queues));
    }
    this.#life = stored?.life;
  }

  /**
   * Takes over what the master says that started at `life`. Gives what it is to be told: where consumers
   * got further here.
   */
  take(table: OffsetTable, life: number): OffsetPosition[] {
    const { offsets } = this.#options;
    const sameLife = this.#life === life;
    const further: OffsetPosition[] = [];
    for (const [place, queues] of table) {
      const at = splitPlace(place);
      if (at === undefined) {
        this.#options.log.warn("skipping an offset without a topic or a group", { place });
        continue;
      }
      this.#takePlace(place, at, queues, sameLife, further);
    }
    for (const [place, queues] of offsets.table()) {
      const at = splitPlace(place);
      const has = table.get(place);
      const isHeard = table.size > 0 || !sameLife; // an empty answer takes nothing away
      if (at && isHeard) this.#keepPlace(place, at, { queues, has, sameLife }, further);
    }
    if (!sameLife) this.#save.changed();
    this.#life = life;
    return further;
  }

  /** The master has this offset now, as if it had said so. */
  told({ topic, consumerGroup, queueId, queueOffset }: OffsetPosition): void {
    this.#note(`${topic}@${consumerGroup}`, new Map([[queueId, queueOffset]]));
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#save.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    return this.#save.close();
  }

  #takePlace(
    place: string,
    [topic, consumerGroup]: [string, string],
    queues: Queues,
    sameLife: boolean,
    further: OffsetPosition[],
  ): void {
    const { offsets, endOf } = this.#options;
    const ours = offsets.queuesOf(consumerGroup, topic);
    const said = this.#said.get(place);
    for (const [queueId, now] of queues) {
      const here = ours?.get(queueId);
      if (now < 0 || here === now) continue; // nearly all of a large table
      const before = said?.get(queueId);
      const end = endOf(topic, queueId);
      const merged = mergeOffset({ here, before, now, sameLife, end });
      if (merged.here !== undefined) offsets.commit(consumerGroup, topic, queueId, merged.here);
      if (merged.further && this.#tells(merged.here, before)) {
        further.push({ consumerGroup, topic, queueId, queueOffset: merged.here! });
      }
    }
    this.#note(place, queues);
  }

  /** What only we have of a place. */
  #keepPlace(
    place: string,
    [topic, consumerGroup]: [string, string],
    { queues, has, sameLife }: { queues: Queues; has: Queues | undefined; sameLife: boolean },
    further: OffsetPosition[],
  ): void {
    const said = this.#said.get(place);
    for (const [queueId, queueOffset] of queues) {
      const before = said?.get(queueId);
      if (before === NOT_OURS || has?.has(queueId)) continue;
      const views = { here: queueOffset, before, now: undefined, sameLife, end: 0 };
      const merged = mergeOffset(views);
      if (merged.here === undefined) this.#options.offsets.remove(consumerGroup, topic, queueId);
      else if (this.#tells(queueOffset, before)) {
        further.push({ consumerGroup, topic, queueId, queueOffset });
      } else {
        said!.set(queueId, NOT_OURS);
        continue;
      }
      if (said?.delete(queueId)) this.#save.changed(); // this process of the master never said it
    }
  }

  /** At its first look at any master a slave tells only what was committed here since it started. */
  #tells(here: number | undefined, before: number | undefined): boolean {
    return this.#life !== undefined || here !== before;
  }

  /** Remembers what the master said; what it does not name any more stays remembered. */
  #note(place: string, queues: Queues): void {
    let said = this.#said.get(place);
    if (said === undefined) this.#said.set(place, said = new Map());
    for (const [queueId, now] of queues) {
      if (said.get(queueId) === now) continue;
      said.set(queueId, now);
      this.#save.changed();
    }
  }

  #text(): string {
    return `{"bootTimestamp":${this.#life ?? 0},${formatOffsetTable(this.#said).slice(1)}`;
  }
}
