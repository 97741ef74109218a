import { type Difference, differences, knowledgeOf } from "../../admin/namesrv_diff.ts";
import { CLUSTER_FLAGS } from "../cluster.ts";
import { Exit, UsageError } from "../exit.ts";
import { tableOf } from "../table.ts";
import { countText } from "../units.ts";
import { verb } from "../verb.ts";
import { exitOf } from "./cluster.ts";
import { heard, jsonLine, reaching } from "./reach.ts";

/** `pocketmq namesrv diff` */
export const diff = verb({
  flags: CLUSTER_FLAGS,
  words: [],
  run: (context, { flags }) =>
    reaching(context, flags, async (lines) => {
      const { namesrvs } = lines;
      if (namesrvs.length < 2) {
        throw new UsageError("namesrv diff needs two name servers or more: -n 'A:P;B:P'");
      }
      const told = await Promise.all(
        namesrvs.map((address) => heard(knowledgeOf(lines, address))),
      );
      const gone = told.flatMap((one) => "reason" in one ? [one.reason] : []);
      for (const reason of gone) context.terminal.stderr(`pocketmq: ${reason}\n`);
      if (gone.length > 0) return exitOf(told);
      const known = told.flatMap((one) => "value" in one ? [one.value] : []);
      const found = differences(known);
      const [{ brokers, topics }] = known;
      const same = `All ${namesrvs.length} say the same: ${countText(brokers.size, "broker")}, ${
        countText(topics.size, "topic")
      }.\n`;
      const text = found.length > 0 ? differencesText(namesrvs, found) : same;
      context.terminal.stdout(
        flags.json ? found.map((one) => differenceJson(namesrvs, one)).join("") : text,
      );
      return found.length > 0 ? Exit.UNHEALTHY : Exit.OK;
    }),
});

function differenceJson(namesrvs: readonly string[], { kind, name, says }: Difference): string {
  const each = namesrvs.map((address, i) => [address, says[i] ?? null]);
  return jsonLine({ kind, name, says: Object.fromEntries(each) });
}

/** A line for what each name server says of a thing. */
export function differencesText(
  namesrvs: readonly string[],
  found: readonly Difference[],
): string {
  const rows = found.flatMap(({ kind, name, says }) =>
    says.map((said, i) => [i === 0 ? kind : "", i === 0 ? name : "", namesrvs[i], said ?? "-"])
  );
  return `${tableOf([["WHAT", "NAME", "NAME SERVER", "SAYS"], ...rows])}\n${
    countText(found.length, "difference")
  }. Brokers tell every name server they know each 30 s: look at their namesrvAddr.\n`;
}
