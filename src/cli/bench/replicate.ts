import { reaching, TARGET_FLAGS } from "../admin/reach.ts";
import type { FlagValues } from "../args.ts";
import { CLUSTER_FLAGS } from "../cluster.ts";
import { UsageError } from "../exit.ts";
import { type Verb, verb } from "../verb.ts";
import { type LagOptions, measureLag } from "./lag.ts";
import { LIVE_FLAGS } from "./live.ts";
import { measurePush, type PushOptions } from "./push.ts";
import { sizeOf, within } from "./size.ts";

/** What it takes. */
export const REPLICATE_FLAGS = {
  ...CLUSTER_FLAGS,
  broker: TARGET_FLAGS.broker,
  measure: { kind: "text", choices: ["push", "lag"] },
  from: { kind: "count" },
  seconds: { kind: "count" },
  again: { kind: "switch" },
  yes: { kind: "switch" },
  ha: { kind: "text" },
  rate: { kind: "count" },
  size: { kind: "text" },
  ...LIVE_FLAGS,
} as const;

const SECONDS = 10;
const RATE = 20;
/** What one way of measuring has no use for. */
const ONLY = { push: ["from", "again", "yes", "ha"], lag: ["rate", "size"] } as const;

/** `pocketmq bench replicate` */
export const replicate: Verb = verb({
  flags: REPLICATE_FLAGS,
  words: [],
  run(context, { flags }) {
    const plan = replicatePlanOf(flags);
    return reaching(
      context,
      flags,
      (lines) =>
        "lag" in plan
          ? measureLag(context, lines, plan.lag)
          : measurePush(context, lines, plan.push),
    );
  },
});

/** What the flags mean. @throws {UsageError} */
export function replicatePlanOf(
  flags: FlagValues<typeof REPLICATE_FLAGS>,
): { readonly push: PushOptions } | { readonly lag: LagOptions } {
  const { broker, json, progress, measure = "push" } = flags;
  if (broker === undefined) {
    throw new UsageError("bench replicate needs -b, the master's host:port");
  }
  const seconds = within("seconds", flags.seconds ?? SECONDS, 1, 86_400);
  const other = measure === "lag" ? "push" : "lag";
  const strange = ONLY[other].find((name) => flags[name] !== undefined && flags[name] !== false);
  if (strange !== undefined) {
    throw new UsageError(`--${strange} is for --measure ${other}, not for ${measure}`);
  }
  const shared = { broker, json, progress, seconds };
  if (measure === "lag") {
    const rate = within("rate", flags.rate ?? RATE, 1, 10_000);
    const bodyBytes = within("size", sizeOf("size", flags.size ?? "1K"), 0, 4 * 1024 * 1024);
    return { lag: { ...shared, rate, bodyBytes } };
  }
  const { from, again, yes, ha } = flags;
  return { push: { ...shared, from, again, yes, ha } };
}
