/**
 * A RocketMQ 4.x name server and master/slave broker inside a program, and a client of any RocketMQ 4.x
 * cluster; for tests and applications on Deno and Bun.
 *
 * ```ts
 * import { connect, startBroker, startNamesrv } from "@pocketmq/pocketmq";
 *
 * await using namesrv = await startNamesrv({ host: "127.0.0.1", port: 0 });
 * const namesrvAddr = `127.0.0.1:${namesrv.address.port}`;
 * await using broker = await startBroker({ bindAddress: "127.0.0.1", listenPort: 0, namesrvAddr });
 * await using client = await connect({ namesrvAddr });
 *
 * await client.producer().send({ topic: "greetings", body: "hello" });
 * for await (const message of client.consumer({ group: "g", topics: [{ topic: "greetings" }] }).messages) {
 *   console.log(new TextDecoder().decode(message.body));
 * }
 * ```
 *
 * @module
 */
import { pickRuntime } from "./src/adapters/pick.ts";
import { Admin, type AdminOptions } from "./src/admin/admin.ts";
import { type Log, silentLog } from "./src/base/log.ts";
import { type Broker, startBroker as startBrokerOn } from "./src/broker/broker.ts";
import { configOf } from "./src/broker/configure.ts";
import { type Client, connect as connectOn, type ConnectOptions } from "./src/client/client.ts";
import {
  type Namesrv,
  type NamesrvOptions,
  startNamesrv as startNamesrvOn,
} from "./src/namesrv/namesrv.ts";

/** How a broker runs, by RocketMQ's own keys. What is left out has its default. */
export interface BrokerOptions {
  /** Cluster it belongs to; DefaultCluster. */
  readonly brokerClusterName?: string;
  /** Name that a master and its slaves share; broker-a. */
  readonly brokerName?: string;
  /** 0 for a master, 1 and above for slaves. */
  readonly brokerId?: number;
  /** ASYNC_MASTER unless told. */
  readonly brokerRole?: "ASYNC_MASTER" | "SYNC_MASTER" | "SLAVE";
  /** Name servers, `10.0.0.1:9876;10.0.0.2:9876`. */
  readonly namesrvAddr?: string;
  /** Port for clients, 10911; the ports 2 below and 1 above are taken too. 0 picks free ones. */
  readonly listenPort?: number;
  /** Local address that every port is opened on; all of them unless told. */
  readonly bindAddress?: string;
  /** Address that clients are told. */
  readonly brokerIP1?: string;
  /** Folder of the store; `./pocketmq-data/<brokerName>-<brokerId>`. */
  readonly storePathRootDir?: string;
  /** SYNC_FLUSH answers a send when the disk has it; ASYNC_FLUSH. */
  readonly flushDiskType?: "ASYNC_FLUSH" | "SYNC_FLUSH";
  /** Any other key that `pocketmq --master --help` lists. */
  readonly more?: Readonly<Record<string, string | number | boolean>>;
}

/** Starts a name server. @throws {NetError} with code "in-use" when its port is taken. */
export async function startNamesrv(
  options: NamesrvOptions,
  log: Log = silentLog,
): Promise<Namesrv> {
  const { runtime } = await pickRuntime();
  return await startNamesrvOn(runtime, options, log);
}

/**
 * Starts a broker; `brokerRole` says which.
 *
 * @throws {ConfigError} when an option cannot be used. @throws {NetError} when a port is taken.
 * @throws {StoreRefusal} {CorruptLogError} when the store is not for this node, or damaged.
 */
export async function startBroker(
  { more, ...options }: BrokerOptions,
  log: Log = silentLog,
): Promise<Broker> {
  const { runtime } = await pickRuntime();
  const given = Object.entries({ ...more, ...options }).filter(([, value]) => value !== undefined);
  const { config, warnings } = configOf({
    roles: { namesrv: false, broker: "file" },
    flags: Object.fromEntries(given.map(([key, value]) => [key, String(value)])),
    addresses: runtime.addresses(),
  });
  for (const warning of warnings) log.warn(warning);
  return await startBrokerOn(runtime, config, log);
}

/** A client of the cluster that the name servers know. */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { runtime } = await pickRuntime();
  return connectOn(runtime, options);
}

/** What an operator asks of the cluster that the name servers know. */
export async function connectAdmin(options: AdminOptions): Promise<Admin> {
  const { runtime } = await pickRuntime();
  return new Admin(runtime, options);
}

export type { Admin, AdminOptions, TopicSettings } from "./src/admin/admin.ts";
export type { ClusterBroker } from "./src/admin/cluster.ts";
export type { ConsumerConnections, GroupConfig, QueueLag } from "./src/admin/groups.ts";
export type { MessageQuery } from "./src/admin/messages.ts";
export type { OffsetTarget, QueueAt, QueuePosition } from "./src/admin/offsets.ts";
export type { QueueReset, ResetOrder } from "./src/admin/reset.ts";
export type { MessageTrack, TrackKind } from "./src/admin/tracks.ts";
export type { NamedTopic, QueueEnds, TopicKind } from "./src/admin/topics.ts";
export type { Facts, Log } from "./src/base/log.ts";
export type { Addresses, Broker } from "./src/broker/broker.ts";
export type { BrokerRole } from "./src/broker/config.ts";
export { ConfigError } from "./src/broker/configure.ts";
export { AnswerError } from "./src/client/errors.ts";
export type { Ahead } from "./src/client/ahead.ts";
export type { Client, ConnectOptions } from "./src/client/client.ts";
export type { Consumer, ConsumerOptions, RetryOptions } from "./src/client/consumer.ts";
export type { Message } from "./src/client/incoming.ts";
export type { StartFrom } from "./src/client/offsets.ts";
export type { OutgoingMessage } from "./src/client/outgoing.ts";
export type {
  Producer,
  ProducerOptions,
  SendOptions,
  SendStatus,
  Sent,
} from "./src/client/producer.ts";
export type {
  Decision,
  Prepared,
  TransactionProducer,
  TransactionProducerOptions,
} from "./src/client/transaction_producer.ts";
export type { Wanted } from "./src/client/subscription.ts";
export type { Namesrv, NamesrvOptions } from "./src/namesrv/namesrv.ts";
export type { Address } from "./src/ports/net.ts";
export { CallError } from "./src/rpc/peer.ts";
export type { Connection } from "./src/wire/connections.ts";
export type { QueueProgress } from "./src/wire/consume_stats.ts";
export type { Subscription } from "./src/wire/heartbeat.ts";
export type { MessageQueue } from "./src/wire/message_queue.ts";
export type { KeyQuery } from "./src/wire/query.ts";
export type { BrokerData, QueueData, TopicRoute } from "./src/wire/route.ts";
export type { QueueStats } from "./src/wire/topic_stats.ts";
