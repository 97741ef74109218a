import { AutoSave, JsonFile } from "../../base/json_file.ts";
import type { Log } from "../../base/log.ts";
import type { Dir } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import { type FilterData, formatFilterTable, parseFilterTable } from "../../wire/filter_table.ts";
import type { Subscription } from "../../wire/heartbeat.ts";

/** Source: ConsumerFilterManager, which is persisted with the offsets. */
const SAVE_MS = 10_000;
const LOOK_MS = 10_000;
/** How long a filter outlives its group. Source: ConsumerFilterManager.MS_24_HOUR. */
const KEPT_MS = 24 * 3_600_000;
/** Any client may add one. */
const ENTRIES_MAX = 100_000;
const CHARACTERS_MAX = 16 * 1024 * 1024;

/** What `FilterTable` works with. */
export interface FilterTableOptions {
  /** The folder of the tables. */
  readonly dir: Dir;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What groups want of topics by expressions on properties, as their heartbeats said it, and the one owner of
 * consumerFilter.json. A filter stays for a day after its group has gone.
 */
export class FilterTable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: JsonFile;
  readonly #save: AutoSave;
  readonly #groups = new Map<string, Map<string, FilterData>>();
  #entries = 0;
  #characters = 0;
  #isOnline: (group: string) => boolean = () => false;
  #cancelLook: () => void;

  constructor({ dir, clock, log }: FilterTableOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#file = new JsonFile(dir, "consumerFilter.json", log);
    this.#save = new AutoSave({
      file: this.#file,
      clock,
      log,
      intervalMs: SAVE_MS,
      text: () => formatFilterTable(this.#all(), true),
    });
    this.#cancelLook = clock.after(LOOK_MS, () => this.#look());
  }

  /** Reads the file; no group is there yet. @throws {CorruptLogError} */
  load(isOnline: (group: string) => boolean): void {
    this.#isOnline = isOnline;
    const now = this.#clock.now();
    for (const data of this.#file.load(parseFilterTable) ?? []) {
      this.#put(data.deadTime > 0 ? data : { ...data, deadTime: Math.max(now, data.bornTime) });
    }
  }

  /** What the group wants of the topic. */
  of(group: string, topic: string): FilterData | undefined {
    return this.#groups.get(group)?.get(topic);
  }

  /**
   * Takes over what a member of a group says. Only a greater version changes what is known of a living group; one
   * whose expression does not compile leaves the group without a filter. Of a group that was gone all counts.
   */
  heartbeat(
    group: string,
    subscriptions: readonly Subscription[],
    { wasOnline, compiles }: { wasOnline: boolean; compiles: (expression: string) => boolean },
  ): void {
    if (!wasOnline) this.#bury(group);
    for (const subscription of subscriptions) {
      if (subscription.expressionType !== "SQL92") continue;
      const before = this.of(group, subscription.topic);
      const isDead = before !== undefined && before.deadTime > 0;
      if (before && !isDead && subscription.subVersion <= before.clientVersion) continue;
      if (compiles(subscription.subString)) this.#put(this.#filterOf(group, subscription, before));
      else this.#remove(group, subscription.topic);
    }
    const topics = this.#groups.get(group);
    if (topics === undefined) return;
    const told = new Set(subscriptions.map(({ topic }) => topic));
    for (const data of topics.values()) if (!told.has(data.topic)) this.#die(data);
  }

  /** Resolves when all changes so far are on the disk. @throws {FsError} */
  flush(): Promise<void> {
    return this.#save.flush();
  }

  /** Writes what is left. */
  close(): Promise<void> {
    this.#cancelLook();
    return this.#save.close();
  }

  #filterOf(
    group: string,
    { topic, subString, subVersion }: Subscription,
    before: FilterData | undefined,
  ): FilterData {
    const isSame = before !== undefined && before.expression === subString;
    return {
      topic,
      consumerGroup: group,
      expression: isSame ? before.expression : subString,
      expressionType: "SQL92",
      clientVersion: subVersion,
      bornTime: isSame ? before.bornTime : this.#clock.now(),
      deadTime: 0,
    };
  }

  #put(data: FilterData): void {
    this.#remove(data.consumerGroup, data.topic);
    const characters = this.#characters + data.expression.length;
    if (this.#entries >= ENTRIES_MAX || characters > CHARACTERS_MAX) {
      const { consumerGroup: group, topic } = data;
      this.#log.warn("too many filters are known, this one is not kept", { group, topic });
      return;
    }
    let topics = this.#groups.get(data.consumerGroup);
    if (topics === undefined) this.#groups.set(data.consumerGroup, topics = new Map());
    topics.set(data.topic, data);
    this.#entries++;
    this.#characters = characters;
    this.#save.changed();
  }

  #remove(group: string, topic: string): void {
    const topics = this.#groups.get(group);
    const data = topics?.get(topic);
    if (topics === undefined || data === undefined) return;
    topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(group);
    this.#entries--;
    this.#characters -= data.expression.length;
    this.#save.changed();
  }

  #die(data: FilterData): void {
    if (data.deadTime > 0) return;
    this.#put({ ...data, deadTime: Math.max(this.#clock.now(), data.bornTime) });
  }

  #bury(group: string): void {
    for (const data of this.#groups.get(group)?.values() ?? []) this.#die(data);
  }

  /** Notes which groups have gone, and forgets those that did so long ago. */
  #look(): void {
    this.#cancelLook = this.#clock.after(LOOK_MS, () => this.#look());
    const now = this.#clock.now();
    for (const group of [...this.#groups.keys()]) if (!this.#isOnline(group)) this.#bury(group);
    for (const { consumerGroup, topic, deadTime } of [...this.#all()]) {
      if (deadTime > 0 && now - deadTime > KEPT_MS) this.#remove(consumerGroup, topic);
    }
  }

  *#all(): Generator<FilterData> {
    for (const topics of this.#groups.values()) yield* topics.values();
  }
}
