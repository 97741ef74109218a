import { reaching } from "../admin/reach.ts";
import { ha } from "../ha.ts";
import { runVerbs } from "../verb.ts";
import { BROKER, CLUSTER, type MqadminCommand, mqadminCommand } from "./command.ts";
import { nodesAt } from "./targets.ts";

/** What mqadmin has since 5.0; brokers before that cannot tell. */
export const haStatus: Readonly<Record<string, MqadminCommand>> = {
  haStatus: mqadminCommand({
    summary: "Show how brokers replicate, as pocketmq ha status does",
    flags: {
      brokerAddr: BROKER,
      clusterName: CLUSTER,
      interval: {
        kind: "count",
        letter: "i",
        meaning: "again every N seconds",
        unsupported: "pocketmq ha status --watch does",
      },
    },
    oneOf: ["brokerAddr", "clusterName"],
    examples: ["haStatus -b 10.0.0.5:10911", "haStatus -c DefaultCluster"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        let exit = 0;
        for (const { address } of await nodesAt(lines, given)) {
          const names = given.namesrvAddr === undefined ? [] : ["-n", given.namesrvAddr];
          const args = ["status", "-b", address, ...names, ...given.json ? ["--json"] : []];
          exit = Math.max(exit, await runVerbs(ha, context, args, ha.name));
        }
        return exit;
      }),
  }),
};
