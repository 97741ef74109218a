import type { BrokerStats, CountedOver } from "../wire/broker_stats.ts";

/** A total and the number of requests that made it, at some time (ms, monotonic). */
interface Sample {
  readonly at: number;
  readonly total: number;
  readonly times: number;
}

/** Samples behind a minute, an hour and a day: how far apart, and how many. Source: StatsItem. */
const SPANS = [
  { everyMs: 10_000, most: 7 },
  { everyMs: 600_000, most: 7 },
  { everyMs: 3_600_000, most: 25 },
] as const;

/** Something that only grows, as it was over the last day. */
export class Counted {
  total = 0;
  times = 0;
  /** Oldest first, of each span. */
  readonly #samples: readonly Sample[][];

  /** From `base` on it is counted. */
  constructor(at: number, base = 0) {
    this.total = base;
    this.#samples = SPANS.map(() => [{ at, total: base, times: 0 }]);
  }

  /** Keeps what there is now, where it is time to. */
  sample(at: number): void {
    for (const [span, { everyMs, most }] of SPANS.entries()) {
      const samples = this.#samples[span];
      if (at - samples[samples.length - 1].at < everyMs) continue;
      samples.push({ at, total: this.total, times: this.times });
      if (samples.length > most) samples.shift();
    }
  }

  /** Nothing was counted for a day. */
  get idle(): boolean {
    const day = this.#samples[2];
    return day.length === SPANS[2].most && day[0].total === this.total;
  }

  /** What was counted over the last minute, hour and day, or since it was first. */
  stats(at: number): BrokerStats {
    const [statsMinute, statsHour, statsDay] = this.#samples.map(([first]) =>
      this.#since(first, at)
    );
    return { statsDay, statsHour, statsMinute };
  }

  #since(first: Sample, at: number): CountedOver {
    const sum = Math.max(0, this.total - first.total); // a log that was cut takes messages back
    const times = this.times - first.times;
    const seconds = Math.max(1, (at - first.at) / 1000);
    return { avgpt: times > 0 ? sum / times : 0, sum, tps: sum / seconds };
  }
}

/** Groups and topics that are counted at most; what is beyond is not. */
const COUNTED_MAX = 100_000;

/** Messages of one topic that were stored, or that one group got. */
interface Flow {
  readonly messages: Counted;
  readonly bytes: Counted;
}

/** How many messages a topic has had, and bytes of them since some moment before the start. */
export interface TopicTotals {
  readonly messages: number;
  readonly bytes: number;
}

const NOTHING: TopicTotals = { messages: 0, bytes: 0 };

/** Messages that a broker stored, and gave to pulls, since its start. */
export interface BrokerTotals {
  readonly puts: number;
  readonly gets: number;
}

/** What is counted by topic, by group and of all; request 315 shows it. Its owner calls `sample` each second. */
export class Counts {
  readonly #brokerTotals: () => BrokerTotals;
  readonly #all: { readonly [K in keyof BrokerTotals]: Counted };
  readonly #topicTotals: () => ReadonlyMap<string, TopicTotals>;
  readonly #now: () => number;
  readonly #puts = new Map<string, Flow>();
  readonly #gets = new Map<string, Map<string, Flow>>(); // by group and topic
  readonly #backs = new Map<string, Counted>(); // by topic@group
  #getCount = 0;
  #sampledAt: number;

  /** `topicTotals` says what each topic has had. It is asked now and then: no send pays for it. */
  constructor(
    now: () => number,
    topicTotals: () => ReadonlyMap<string, TopicTotals>,
    brokerTotals: () => BrokerTotals,
  ) {
    this.#now = now;
    this.#brokerTotals = brokerTotals;
    this.#all = { puts: new Counted(now()), gets: new Counted(now()) };
    this.#topicTotals = topicTotals;
    this.#sampledAt = now();
    for (const [topic, total] of topicTotals()) this.#putsOf(topic, total);
  }

  /** A pull was answered with messages. */
  got(group: string, topic: string, messages: number, bytes: number): void {
    const got = this.#gets.get(group)?.get(topic) ?? this.#newGot(group, topic);
    if (got === undefined) return;
    got.messages.total += messages;
    got.messages.times++;
    got.bytes.total += bytes;
    got.bytes.times++;
  }

  /** A group gave a message of a topic back. */
  gaveBack(group: string, topic: string): void {
    const key = `${topic}@${group}`;
    let counted = this.#backs.get(key);
    if (counted === undefined) {
      if (this.#backs.size >= COUNTED_MAX) return;
      this.#backs.set(key, counted = new Counted(this.#now()));
    }
    counted.total++;
    counted.times++;
  }

  /** Messages of a topic that a group gave back; undefined when there were none. */
  backs(topic: string, group: string): BrokerStats | undefined {
    return this.#backs.get(`${topic}@${group}`)?.stats(this.#now());
  }

  /** What was stored for a topic; undefined when there was nothing. */
  puts(topic: string, what: keyof Flow): BrokerStats | undefined {
    this.#refresh();
    const counted = this.#puts.get(topic)?.[what];
    return counted === undefined || counted.times === 0 ? undefined : counted.stats(this.#now());
  }

  /** What a group got of a topic; undefined when it got nothing. */
  gets(topic: string, group: string, what: keyof Flow): BrokerStats | undefined {
    return this.#gets.get(group)?.get(topic)?.[what].stats(this.#now());
  }

  /** All that was stored, or given to pulls; undefined when there was none. Only messages are counted, no requests. */
  all(what: keyof BrokerTotals): BrokerStats | undefined {
    const counted = this.#all[what];
    counted.total = this.#brokerTotals()[what];
    return counted.total === 0 ? undefined : counted.stats(this.#now());
  }

  /** Messages a second that a group got of a topic in the last minute. */
  getTps(topic: string, group: string): number {
    return this.gets(topic, group, "messages")?.statsMinute.tps ?? 0;
  }

  sample(): void {
    const now = this.#now();
    if (now - this.#sampledAt < SPANS[0].everyMs) return;
    this.#refresh();
    this.#sampledAt = now;
    for (const { messages, bytes } of this.#puts.values()) {
      messages.sample(now);
      bytes.sample(now);
    }
    for (const [key, counted] of this.#backs) {
      counted.sample(now);
      if (counted.idle) this.#backs.delete(key);
    }
    for (const what of ["puts", "gets"] as const) {
      this.#all[what].total = this.#brokerTotals()[what];
      this.#all[what].sample(now);
    }
    for (const [group, topics] of this.#gets) {
      for (const [topic, { messages, bytes }] of topics) {
        messages.sample(now);
        bytes.sample(now);
        if (messages.idle && topics.delete(topic)) this.#getCount--;
      }
      if (topics.size === 0) this.#gets.delete(group);
    }
  }

  #refresh(): void {
    const totals = this.#topicTotals();
    for (const topic of this.#puts.keys()) if (!totals.has(topic)) this.#puts.delete(topic);
    for (const [topic, { messages, bytes }] of totals) {
      const flow = this.#putsOf(topic, NOTHING);
      if (flow === undefined || flow.messages.total === messages) continue;
      const more = Math.max(0, messages - flow.messages.total);
      flow.messages.times += more; // a batch counts as its messages
      flow.bytes.times += more;
      flow.messages.total = messages;
      flow.bytes.total = bytes;
    }
  }

  #putsOf(topic: string, base: TopicTotals): Flow | undefined {
    let flow = this.#puts.get(topic);
    if (flow !== undefined || this.#puts.size >= COUNTED_MAX) return flow;
    const at = this.#sampledAt; // what it has, it got since the topics were looked at last
    flow = { messages: new Counted(at, base.messages), bytes: new Counted(at, base.bytes) };
    this.#puts.set(topic, flow);
    return flow;
  }

  #newGot(group: string, topic: string): Flow | undefined {
    if (this.#getCount >= COUNTED_MAX) return undefined;
    let topics = this.#gets.get(group);
    if (topics === undefined) this.#gets.set(group, topics = new Map());
    const now = this.#now();
    const got = { messages: new Counted(now), bytes: new Counted(now) };
    topics.set(topic, got);
    this.#getCount++;
    return got;
  }
}
