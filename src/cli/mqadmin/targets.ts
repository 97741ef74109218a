import type { ClusterBroker } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { nearest } from "../../base/nearest.ts";
import { exitOf } from "../admin/cluster.ts";
import { addressOf, allBrokers, type Heard, heard, mastersIn } from "../admin/reach.ts";
import type { Context } from "../command.ts";
import { UsageError } from "../exit.ts";

/** What -b and -c say. */
export interface Target {
  readonly brokerAddr?: string | undefined;
  readonly clusterName?: string | undefined;
}

/** Masters a change is meant for: that one, or those of that cluster. @throws {UsageError} {CallError} {AnswerError} {FieldError} */
export async function mastersAt(lines: Lines, target: Target): Promise<ClusterBroker[]> {
  const { brokerAddr, clusterName } = target;
  if (brokerAddr !== undefined) return [at(brokerAddr)];
  const brokers = await allBrokers(lines);
  const addresses = mastersIn(brokers, clusterName);
  return brokers.filter(({ address }) => addresses.includes(address));
}

/** Nodes that are meant, slaves too: that one, those of that cluster, or all. @throws {UsageError} {CallError} {AnswerError} {FieldError} */
export async function nodesAt(lines: Lines, target: Target): Promise<ClusterBroker[]> {
  const { brokerAddr, clusterName } = target;
  if (brokerAddr !== undefined && clusterName !== undefined) {
    throw new UsageError("-b and -c do not go together: one broker, or those of a cluster");
  }
  if (brokerAddr !== undefined) return [at(brokerAddr)];
  const brokers = await allBrokers(lines);
  if (clusterName === undefined) return brokers;
  const clusters = [...new Set(brokers.map(({ cluster }) => cluster))];
  if (clusters.includes(clusterName)) {
    return brokers.filter(({ cluster }) => cluster === clusterName);
  }
  const meant = nearest(clusterName, clusters);
  const hint = meant ? `did you mean ${meant}?` : `there is ${clusters.join(", ")}`;
  throw new UsageError(`unknown cluster "${clusterName}", ${hint}`);
}

/** Whoever is at that address: no name server needs to know it. @throws {UsageError} */
function at(brokerAddr: string): ClusterBroker {
  return { cluster: "", name: "", id: 0, address: addressOf(brokerAddr) };
}

/** What asking several nodes came to. */
export interface Told<N, T> {
  /** Of those that answered. */
  readonly values: readonly (readonly [node: N, value: T])[];
  readonly exit: number;
}

/** What each node answers, asked side by side; why one does not goes to stderr. */
export async function fromEach<N, T>(
  { terminal }: Pick<Context, "terminal">,
  nodes: readonly N[],
  ask: (node: N) => Promise<T>,
): Promise<Told<N, T>> {
  const answers = await Promise.all(
    nodes.map(async (node): Promise<[N, Heard<T>]> => [node, await heard(ask(node))]),
  );
  const values: [N, T][] = [];
  for (const [node, answer] of answers) {
    if ("value" in answer) values.push([node, answer.value]);
    else terminal.stderr(`pocketmq: ${answer.reason}\n`);
  }
  return { values, exit: exitOf(answers.map(([, answer]) => answer)) };
}
