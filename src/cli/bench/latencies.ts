import type { Histogram } from "hdr-histogram-js";

/** What a histogram keeps apart: a microsecond; and what counts as an hour at most. */
const HIGHEST_US = 3_600_000_000;

/** Times in milliseconds; all 0 when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Makes `Latencies`. The histogram's package is loaded when somebody measures: a node never needs it. */
export async function latencyMaker(): Promise<() => Latencies> {
  const { build } = await import("hdr-histogram-js");
  const histogram = (): Histogram =>
    build({ highestTrackableValue: HIGHEST_US, numberOfSignificantValueDigits: 3 });
  return () => new Latencies(histogram(), histogram());
}

/** How long things took, in all and since the last look. */
export class Latencies {
  readonly #all: Histogram;
  readonly #fresh: Histogram;

  /** See `latencyMaker`. */
  constructor(all: Histogram, fresh: Histogram) {
    this.#all = all;
    this.#fresh = fresh;
  }

  /** Counts one; below a microsecond, and what a clock that jumped makes negative, is one microsecond. */
  record(ms: number): void {
    const us = Math.round(ms * 1000);
    this.#fresh.recordValue(us < 1 ? 1 : us > HIGHEST_US ? HIGHEST_US : us);
  }

  /** What was recorded since the last call. */
  takeFresh(): LatencySummary {
    const summary = summaryOf(this.#fresh);
    this.#all.add(this.#fresh);
    this.#fresh.reset();
    return summary;
  }

  /** What was recorded in all. */
  summary(): LatencySummary {
    this.takeFresh();
    return summaryOf(this.#all);
  }
}

function summaryOf(histogram: Histogram): LatencySummary {
  const empty = histogram.totalCount === 0;
  const ms = (us: number) => empty ? 0 : Math.round(us) / 1000;
  const at = (percentile: number) => ms(histogram.getValueAtPercentile(percentile));
  return {
    count: histogram.totalCount,
    mean: ms(histogram.mean),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: ms(histogram.maxValue),
  };
}
