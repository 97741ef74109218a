import { type LongestOf, Stalls } from "../metrics/stalls.ts";
import type { Runtime } from "../ports/host.ts";
import { Counts, type TopicTotals } from "./counts.ts";
import { PutTimes } from "./put_times.ts";

const SAMPLE_MS = 1_000;
const SAMPLES = 600;
const DAY_MS = 86_400_000;

/** Counts events, and knows how many came in the last seconds, up to ten minutes back. */
export class Meter {
  /** Events since the start. */
  total = 0;
  /** `total` as it was at the last midnight (UTC) and the one before; 0 where this broker did not live. */
  todayMorning = 0;
  yesterdayMorning = 0;
  readonly #totals: number[] = [0]; // at the start and after each second, the newest last

  add(count: number): void {
    this.total += count;
  }

  /** Events a second over the last whole `seconds`, or since the start when that is less. */
  perSecond(seconds: number): number {
    const last = this.#totals.length - 1;
    if (last === 0) return this.total; // the first second is not over
    const back = Math.min(seconds, last);
    return (this.#totals[last] - this.#totals[last - back]) / back;
  }

  /** Notes that a second has passed. */
  sample(): void {
    this.#totals.push(this.total);
    if (this.#totals.length > SAMPLES + 1) this.#totals.shift();
  }

  /** Notes that a day has passed. */
  midnight(): void {
    this.yesterdayMorning = this.todayMorning;
    this.todayMorning = this.total;
  }
}

/** What a broker counts; runtime info (28) shows it. */
export class Stats {
  /** Messages stored by sends. */
  readonly put: Meter = new Meter();
  /** How long it took to store them. */
  readonly putTimes: PutTimes = new PutTimes();
  /** Messages given to pulls. */
  readonly got: Meter = new Meter();
  /** Pulls that found messages, and those that did not. */
  readonly found: Meter = new Meter();
  readonly missed: Meter = new Meter();
  /** How long the slowest read of a pull took, in ms. */
  longestReadMs = 0;
  /** How late the event loop was; nothing before it runs. */
  readonly stalls: Stalls;
  /** By topic and group. */
  readonly counts: Counts;
  #cancel: () => void;

  /** `topicTotals` says what each topic has had. */
  constructor(
    { clock, unservedMs }: Pick<Runtime, "clock" | "unservedMs">,
    topicTotals: () => ReadonlyMap<string, TopicTotals> = () => new Map(),
  ) {
    const { put, got, found, missed } = this;
    const brokerTotals = () => ({ puts: put.total, gets: got.total });
    this.counts = new Counts(() => clock.monotonic(), topicTotals, brokerTotals);
    const work = () => put.total + found.total + missed.total;
    this.stalls = new Stalls({ clock, work, unservedMs });
    const today = () => Math.floor(clock.now() / DAY_MS);
    let day = today();
    const sample = () => {
      const meters = [this.put, this.got, this.found, this.missed];
      for (const meter of meters) meter.sample();
      this.counts.sample();
      if (today() > day) { for (const meter of meters) meter.midnight(); }
      day = today();
      this.#cancel = clock.after(SAMPLE_MS, sample);
    };
    this.#cancel = clock.after(SAMPLE_MS, sample);
  }

  close(): void {
    this.#cancel();
  }
}

/** Rates over 10, 60 and 600 seconds, as tools read them. */
export function ratesText(...meters: readonly Meter[]): string {
  return [10, 60, 600]
    .map((seconds) => meters.reduce((sum, meter) => sum + meter.perSecond(seconds), 0).toFixed(4))
    .join(" ");
}

/** The longest stalls of the event loop in the last 10, 60 and 600 seconds, in ms. */
export function stallsText(stalls: LongestOf): string {
  return [10, 60, 600].map((seconds) => stalls.longestMs(seconds).toFixed(1)).join(" ");
}
