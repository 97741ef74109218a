import { tableOf } from "../table.ts";
import type { LatencySummary } from "./latencies.ts";

/** A rate as a person reads it: 45,120 msg/s, below a hundred with a decimal. */
export function rateText(perSecond: number, unit: string): string {
  const digits = perSecond < 100 && perSecond > 0 ? 1 : 0;
  return `${wholeText(Number(perSecond.toFixed(digits)))} ${unit}/s`;
}

/** 1,234,567 */
export function wholeText(value: number): string {
  const [whole, rest] = String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** Bytes a second in millions, as network and disk vendors count. */
export function megabytesText(bytesPerSecond: number): string {
  const value = bytesPerSecond / 1e6;
  return `${value >= 100 ? wholeText(Math.round(value)) : value.toFixed(1)} MB/s`;
}

/** Milliseconds with three digits that count. */
export function msText(ms: number): string {
  return ms >= 100 ? `${wholeText(Math.round(ms))} ms` : `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

/** Percentiles as rows of a table. */
export function latencyRow(name: string, latency: LatencySummary): string[][] {
  if (latency.count === 0) return [];
  const { p50, p90, p99, p999, max } = latency;
  return [[
    name,
    ...[["p50", p50], ["p90", p90], ["p99", p99], ["p99.9", p999], ["max", max]].map((
      [label, ms],
    ) => `${label} ${msText(ms as number)}`),
  ]];
}

/** The figures, indented below what was measured. */
export function figures(rows: readonly (readonly string[])[]): string {
  return tableOf(rows, "  ");
}

/** Percentiles for machines, in ms. */
export function latencyJson(latency: LatencySummary): Record<string, number> {
  const { count: _, ...percentiles } = latency;
  return percentiles;
}

/** So many digits are more than anybody can measure. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** How long something was measured: 10.0 s, 0.157 s. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(seconds < 1 ? 3 : 1)} s`;
}
