import { type ClusterBroker, clusterBrokers } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { topicRoute } from "../../admin/topics.ts";
import { reasonOf } from "../../base/log.ts";
import { nearest } from "../../base/nearest.ts";
import { AnswerError } from "../../client/errors.ts";
import { NameServers } from "../../client/name_servers.ts";
import { CallError } from "../../rpc/peer.ts";
import { Redial } from "../../rpc/redial.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { parseAddress } from "../../wire/host_address.ts";
import { nameServersOf } from "../cluster.ts";
import type { Context } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { openLog } from "../logging.ts";
import { type View, watched } from "../watch.ts";

/** Flags of commands that may be meant for a part of a cluster. */
export const TARGET_FLAGS = {
  cluster: { kind: "text", letter: "c" },
  broker: { kind: "text", letter: "b", names: "broker" },
} as const;

/** Their lines in a help text. */
export const TARGET_HELP =
  `  -c, --cluster NAME          that cluster's brokers; needed when there are several
  -b, --broker ADDR           that broker alone, host:port
`;

/** What TARGET_FLAGS say. */
export interface Target {
  readonly cluster: string | undefined;
  readonly broker: string | undefined;
}

/** Does `work` with connections of its own, which end with it. @throws {UsageError} */
export async function reaching(
  context: Context,
  flags: { readonly namesrvAddr: string | undefined },
  work: (lines: Lines) => Promise<number>,
): Promise<number> {
  const { runtime, terminal } = context;
  const namesrvs = nameServersOf(context, flags);
  const redial = new Redial(runtime, openLog((line) => terminal.stderr(line), "text", "warning"));
  try {
    const servers = new NameServers(namesrvs, { redial, clock: runtime.clock });
    return await work({ calls: redial, servers, namesrvs });
  } finally {
    redial.close();
  }
}

/** The same for what is looked at, once or with --watch again and again, on connections that stay. @throws {UsageError} */
export function viewing(
  context: Context,
  flags: {
    readonly namesrvAddr: string | undefined;
    readonly watch: boolean;
    readonly json: boolean;
  },
  look: (lines: Lines) => Promise<View>,
): Promise<number> {
  return reaching(context, flags, (lines) => watched(context, flags, () => look(lines)));
}

/**
 * What `asked` gives. Where it is that there is no such topic, it says which one may be meant.
 *
 * @throws {AnswerError} and whatever else it throws
 */
export async function orNearTopic<T>(
  context: Context,
  flags: { readonly namesrvAddr: string | undefined },
  topic: string,
  asked: Promise<T>,
): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.TOPIC_NOT_EXIST) {
      await reaching(
        context,
        flags,
        async (lines) => (await topicRoute(lines, topic)).queues.length,
      );
    }
    throw error;
  }
}

/** Every broker that is registered. @throws {CallError} when none is. @throws {AnswerError} {FieldError} */
export async function allBrokers({ servers, namesrvs }: Lines): Promise<ClusterBroker[]> {
  const brokers = await clusterBrokers(servers);
  if (brokers.length > 0) return brokers;
  const where = namesrvs.length === 1 ? `name server ${namesrvs[0]}` : "the name servers";
  throw new CallError("unreachable", `no broker is registered at ${where}`);
}

/** Addresses of the masters a change is meant for. @throws {UsageError} {CallError} {AnswerError} {FieldError} */
export async function mastersFor(lines: Lines, target: Target): Promise<string[]> {
  if (target.broker !== undefined) return [addressOf(target.broker)];
  return mastersIn(await allBrokers(lines), target.cluster);
}

/** The masters of the cluster of that name, or of the only one. @throws {UsageError} {CallError} */
export function mastersIn(brokers: readonly ClusterBroker[], cluster?: string): string[] {
  const clusters = [...new Set(brokers.map((broker) => broker.cluster))];
  const wanted = cluster ?? clusters[0];
  if (cluster === undefined && clusters.length > 1) {
    throw new UsageError(`there are several clusters, name one with -c: ${clusters.join(", ")}`);
  }
  mustBeCluster(wanted, brokers);
  const masters = brokers.filter((broker) => broker.cluster === wanted && broker.id === 0);
  if (masters.length > 0) return masters.map(({ address }) => address);
  throw new CallError("unreachable", `no master of cluster "${wanted}" is registered`);
}

/** @throws {UsageError} when none of the brokers is of that cluster; it names the one that may be meant. */
export function mustBeCluster(wanted: string, brokers: readonly ClusterBroker[]): void {
  const clusters = [...new Set(brokers.map((broker) => broker.cluster))];
  if (clusters.includes(wanted)) return;
  const meant = nearest(wanted, clusters);
  const hint = meant ? `did you mean ${meant}?` : `there is ${clusters.join(", ")}`;
  throw new UsageError(`unknown cluster "${wanted}", ${hint}`);
}

/** The value of -b. @throws {UsageError} when it is no address. */
export function addressOf(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw new UsageError(`-b is "${text}", it must be host:port of a broker`);
}

/** What asking one of several nodes came to. */
export type Heard<T> = { readonly value: T } | { readonly reason: string; readonly exit: number };

/** What `asked` gives, or why nobody answered: one node that is gone does not hide the others. */
export async function heard<T>(asked: Promise<T>): Promise<Heard<T>> {
  try {
    return { value: await asked };
  } catch (error) {
    const late = error instanceof CallError && error.kind === "timeout";
    return { reason: reasonOf(error), exit: late ? Exit.TIMEOUT : Exit.FAILED };
  }
}

/** One line of JSON. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value) + "\n";
}
