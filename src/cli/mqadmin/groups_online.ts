import { type ClusterBroker, onePerName } from "../../admin/cluster.ts";
import { type ConsumerConnections, groupOnline } from "../../admin/groups.ts";
import type { Lines } from "../../admin/lines.ts";
import { runningInfo } from "../../admin/members.ts";
import type { RunningInfo } from "../../admin/members.ts";
import type { MessageQueue } from "../../wire/message_queue.ts";
import type { Context } from "../command.ts";
import { addressOf, allBrokers } from "../admin/reach.ts";
import { versionName } from "../../wire/version_name.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { fromEach } from "./targets.ts";

/** A group that is online, on however many brokers. */
export interface Online extends ConsumerConnections {
  /** Address of a broker that knows it, by client id. */
  readonly brokers: ReadonlyMap<string, string>;
}

/** Who is to be asked about groups: a node of each broker name. @throws {CallError} {AnswerError} {FieldError} */
export async function groupNodes(lines: Lines): Promise<ClusterBroker[]> {
  return onePerName(await allBrokers(lines));
}

/** Everybody of a group that brokers know; undefined when nobody is online. @throws {UsageError} {CallError} {AnswerError} {FieldError} */
export async function connectionsOf(
  context: Pick<Context, "terminal">,
  lines: Lines,
  group: string,
  brokerAddr: string | undefined,
): Promise<{ readonly online: Online | undefined; readonly exit: number }> {
  const addresses = brokerAddr === undefined
    ? (await groupNodes(lines)).map(({ address }) => address)
    : [addressOf(brokerAddr)];
  const asked = await fromEach(context, addresses, (address) => groupOnline(lines, address, group));
  const seen = asked.values.flatMap(([broker, online]) => online ? [{ broker, online }] : []);
  return { online: merged(seen), exit: asked.exit };
}

type Seen = readonly { readonly broker: string; readonly online: ConsumerConnections }[];

/** One group of what several brokers know: each client once, subscriptions of all. */
export function merged(seen: Seen): Online | undefined {
  if (seen.length === 0) return undefined;
  const clients = new Map(
    seen.flatMap(({ online }) => online.connections).map((each) => [each.clientId, each]),
  );
  return {
    ...seen[0].online,
    connections: [...clients.values()].sort((a, b) => a.clientId < b.clientId ? -1 : 1),
    subscriptions: new Map(seen.flatMap(({ online }) => [...online.subscriptions])),
    brokers: new Map(
      seen.flatMap(({ broker, online }) =>
        online.connections.map(({ clientId }): [string, string] => [clientId, broker])
      ),
    ),
  };
}

/** What each client of an online group does. */
export interface ClientSeen {
  readonly clientId: string;
  readonly version: number;
  readonly info: RunningInfo;
}

/** Asks each member by a broker that knows it; why one does not answer goes to stderr. */
export async function clientsOf(
  context: Pick<Context, "terminal">,
  lines: Lines,
  group: string,
  { connections, brokers }: Online,
  withStacks: boolean,
): Promise<{ readonly clients: readonly ClientSeen[]; readonly exit: number }> {
  const asked = await fromEach(
    context,
    connections,
    ({ clientId }) => runningInfo(lines, brokers.get(clientId)!, { group, clientId, withStacks }),
  );
  const clients = asked.values.map(([{ clientId, version }, info]) => ({
    clientId,
    version,
    info,
  }));
  return { clients, exit: asked.exit };
}

/** Address of the client that has a queue, by `queueKey`. */
export async function ownersOf(
  context: Pick<Context, "terminal">,
  lines: Lines,
  group: string,
): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  const { online } = await connectionsOf(context, lines, group, undefined);
  if (online === undefined) return owners;
  const { clients } = await clientsOf(context, lines, group, online, false);
  for (const { clientId, info } of clients) {
    for (const [queue] of info.queues) owners.set(queueKey(queue), clientId.split("@")[0]);
  }
  return owners;
}

/** A queue as the key of a map. */
export function queueKey({ topic, brokerName, queueId }: MessageQueue): string {
  return `${topic}\n${brokerName}\n${queueId}`;
}

/** What `consumerConnection` prints. */
export function connectionsText(online: Online): string {
  const { connections, subscriptions, consumeType, messageModel, consumeFromWhere } = online;
  const clients = connections.map(({ clientId, clientAddr, language, version }) => [
    ...[clientId, clientAddr, language, versionName(version)],
  ]);
  const reads = [...subscriptions].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([topic, { subString }]) => [topic, subString]);
  return tableOf([["#ClientId", "#ClientAddr", "#Language", "#Version"], ...clients]) +
    `\nBelow is subscription:\n${tableOf([["#Topic", "#SubExpression"], ...reads])}\n` +
    `ConsumeType: ${consumeType}\nMessageModel: ${messageModel}\n` +
    `ConsumeFromWhere: ${consumeFromWhere}\n`;
}

/** Ok unless something failed. */
export function worst(...exits: readonly number[]): number {
  return exits.find((exit) => exit !== Exit.OK) ?? Exit.OK;
}
