import { type BrokerLoad, brokerRuntime, loadIn } from "../../admin/brokers.ts";
import type { ClusterBroker } from "../../admin/cluster.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP } from "../cluster.ts";
import { type Paint, paintFor, plain } from "../colour.ts";
import type { Command, Context } from "../command.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { durationText } from "../units.ts";
import { verb } from "../verb.ts";
import { type View, WATCH_FLAG } from "../watch.ts";
import { allBrokers, type Heard, heard, jsonLine, viewing } from "./reach.ts";

const list = verb({
  flags: { ...CLUSTER_FLAGS, ...WATCH_FLAG },
  words: [],
  run: (context, { flags }) =>
    viewing(context, flags, async (lines) => {
      const nodes = await Promise.all((await allBrokers(lines)).map(async (broker) => ({
        broker,
        load: await heard(brokerRuntime(lines, broker.address).then(loadIn)),
      })));
      return nodesView(context, nodes, flags.json);
    }),
});

/** `pocketmq cluster` */
export const cluster: Command = {
  name: "cluster",
  usage: "list [--watch]",
  summary: "List clusters and their brokers",
  help: `
  list              every broker that is registered, with its load: messages a second over
                    the last 10 s, and since midnight
    --watch         again every 2 s, until Ctrl-C

${CLUSTER_HELP}
Exit codes: 0 all of them answer, 1 one cannot be reached, 2 the command line is wrong,
124 one does not answer in time.

Examples:
  pocketmq cluster list
  pocketmq cluster list --watch
  pocketmq cluster list -n '10.0.0.1:9876;10.0.0.2:9876' --json | jq .address
`,
  verbs: { list },
};

/** A broker, and what it said. */
export interface Node {
  readonly broker: ClusterBroker;
  readonly load: Heard<BrokerLoad>;
}

/** 0 when all answered, else the largest of what those that did not came to. */
export function exitOf(answers: readonly Heard<unknown>[]): number {
  return Math.max(Exit.OK, ...answers.map((answer) => "exit" in answer ? answer.exit : Exit.OK));
}

/** A broker as one line of JSON. */
export function nodeJson({ broker, load }: Node): string {
  return jsonLine({ ...broker, ..."value" in load ? load.value : { unreachable: load.reason } });
}

/** What one look at brokers came to. */
export function nodesView(
  { runtime, terminal }: Context,
  nodes: readonly Node[],
  json: boolean,
): View {
  const exit = exitOf(nodes.map(({ load }) => load));
  if (json) return { text: nodes.map(nodeJson).join(""), exit };
  return { text: nodesText(nodes, runtime.clock.now(), paintFor(terminal)), exit };
}

/** A table of brokers; why one does not answer stands below. */
export function nodesText(nodes: readonly Node[], now: number, paint: Paint = plain): string {
  const rows = nodes.map(({ broker: { cluster, name, id, address }, load }) => [
    ...[cluster, name, String(id), address],
    ...("value" in load ? loadCells(load.value, now) : [paint.red("UNREACHABLE")]),
  ]);
  const head = ["CLUSTER", "BROKER", "ID", "ADDRESS", "VERSION", "IN/S", "OUT/S"];
  const gone = nodes.flatMap(({ load }) => "reason" in load ? [`${load.reason}\n`] : []);
  return tableOf([[...head, "IN TODAY", "OUT TODAY", "DISK", "UP"], ...rows]) +
    (gone.length > 0 ? "\n" + gone.join("") : "");
}

function loadCells(load: BrokerLoad, now: number): string[] {
  return [
    load.version || "-",
    load.putPerSecond.toFixed(1),
    load.getPerSecond.toFixed(1),
    String(load.putToday),
    String(load.getToday),
    load.diskUsed < 0 ? "-" : `${Math.round(load.diskUsed * 100)} %`,
    load.startedAt > 0 ? durationText(Math.max(0, now - load.startedAt)) : "-",
  ];
}
