import { bytesText } from "../units.ts";
import type { SecondText } from "./live.ts";
import type { PushCounts } from "./push_line.ts";
import type { PushSource } from "./push_rules.ts";
import { figures, megabytesText, msText, rounded, secondsText, wholeText } from "./texts.ts";

/** What taking a log came to. */
export interface Pushed {
  readonly source: PushSource;
  /** host:port of the HA port. */
  readonly ha: string;
  /** Log offsets; `from` is undefined when no byte came. */
  readonly from: number | undefined;
  readonly to: number;
  readonly counts: PushCounts;
  readonly passes: number;
  /** From the first bytes on. */
  readonly rate: { readonly bytesPerSecond: number; readonly seconds: number };
  readonly firstMs: number | undefined;
  /** It was ended before its time. */
  readonly stopped: boolean;
}

/** What is measured, before it begins. */
export function pushPlanText({ address, role, maxOffset }: PushSource, ha: string): string {
  return `Taking the log of ${address}${role === "" ? "" : ` (${role})`} from ${ha}, up to ${
    wholeText(maxOffset)
  }. Nothing is acknowledged.\n`;
}

/** The result for a person. */
export function pushedText(pushed: Pushed): string {
  const { counts, rate, from, to, passes, firstMs } = pushed;
  const mean = counts.frames > 0 ? counts.bytes / counts.frames : 0;
  const rows = [
    ["rate", megabytesText(rate.bytesPerSecond), `over ${secondsText(rate.seconds)}`],
    [
      "log",
      bytesText(counts.bytes),
      from === undefined ? "" : `from ${wholeText(from)} to ${wholeText(to)}`,
    ],
    ["frames", wholeText(counts.frames), `${bytesText(mean)} each, all in order`],
    ...firstMs === undefined ? [] : [["first bytes", msText(firstMs), "after the report"]],
    ...passes > 1 ? [["passes", wholeText(passes)]] : [],
  ];
  const early = pushed.stopped ? "Ended early; this is what was measured until then.\n" : "";
  const part = !pushed.stopped && passes === 0 ? "The time was over before the log's end.\n" : "";
  return `${
    figures(rows)
  }\n${early}${part}The rate counts bytes of the log behind those that came ` +
    "first, without the heads of frames.\n";
}

/** The result for machines. */
export function pushedJson(pushed: Pushed): Record<string, unknown> {
  const { source: { address, role }, ha, from, to, counts, passes, rate, firstMs } = pushed;
  return {
    type: "result",
    bench: "replicate",
    measure: "push",
    broker: address,
    role,
    ha,
    from: from ?? null,
    to,
    seconds: rounded(rate.seconds),
    ...counts,
    bytesPerSecond: Math.round(rate.bytesPerSecond),
    firstBytesMs: firstMs === undefined ? null : rounded(firstMs),
    passes,
    stopped: pushed.stopped,
  };
}

/** One second of it. */
export function pushSecondText(
  bytes: number,
  seconds: number,
  at: number | undefined,
  end: number,
): SecondText {
  const perSecond = bytes / seconds;
  const share = at === undefined || end === 0 ? 0 : Math.min(100, Math.floor(100 * at / end));
  return {
    text: `${megabytesText(perSecond)}  at ${wholeText(at ?? 0)}, ${share} %`,
    json: { bytes, bytesPerSecond: Math.round(perSecond), at: at ?? null },
  };
}
