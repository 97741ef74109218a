import { type Log, reasonOf } from "../base/log.ts";
import { together } from "../base/together.ts";
import { Acks } from "../ha/acks.ts";
import { serveSlaves } from "../ha/master.ts";
import type { Runtime } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Peer, Served } from "../rpc/peer.ts";
import { Redial } from "../rpc/redial.ts";
import { serve } from "../rpc/serve.ts";
import { addressText } from "../wire/host_address.ts";
import { openStore, type Store } from "../store/store.ts";
import { logOffsetOf } from "../store/records.ts";
import type { BrokerConfig, BrokerRole } from "./config.ts";
import { Confirmations } from "./confirm.ts";
import { brokerHandlers, fastHandlers } from "./handlers.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { closeTables, openTables, type Parts } from "./parts.ts";
import { Pulls } from "./pull.ts";
import { Registrar } from "./registration.ts";
import { Sends } from "./send.ts";
import { follow, type Following } from "./slave.ts";
import { Stats } from "./stats.ts";
import { masterOptions, pullLimits, storeOptions } from "./told.ts";

/** A broker that runs. */
export interface Broker extends AsyncDisposable {
  /** What it does in its group. */
  readonly role: BrokerRole;
  /** Where clients reach it, as it tells the name servers. */
  readonly broker: Address;
  /** Where slaves reach it. */
  readonly ha: Address;
  /** Slaves that have reported to this master. */
  readonly slaves: number;
  /** Unregisters, lets answers leave, flushes and closes the store. */
  close(): Promise<void>;
}

/**
 * Starts a broker. No port is open before its store can serve, and no name server hears of it before its
 * ports are open.
 *
 * @throws {NetError} with code "in-use" when a port is taken.
 * @throws {StoreRefusal} when the store is not for this node. @throws {CorruptLogError} when it is damaged.
 */
export async function startBroker(
  runtime: Runtime,
  config: BrokerConfig,
  log: Log,
): Promise<Broker> {
  const { clock, fs, net } = runtime;
  const startedAt = clock.now();
  const root = fs.dir(config.storePathRootDir);
  const store = await openStore(runtime, root, storeOptions(runtime, config), log.child("store"));
  let listeners: Listeners;
  try {
    listeners = await openListeners(net, config);
  } catch (error) {
    await store.close();
    throw error;
  }
  const isMaster = config.brokerRole !== "SLAVE";
  const acks = new Acks({
    inSyncReplicas: Math.max(2, config.inSyncReplicas), // an ASYNC_MASTER may say 1: it waits for nobody
    fallBehindMax: config.haSlaveFallbehindMax,
  });
  const confirmations = new Confirmations({
    clock,
    replicas: config.brokerRole === "SYNC_MASTER" ? acks : undefined,
    disk: config.flushDiskType === "SYNC_FLUSH" ? store.flush : undefined,
    slaveTimeoutMs: config.slaveTimeout,
    flushTimeoutMs: config.syncFlushTimeout,
  });
  const tables = openTables(runtime, config, log);
  const stats = new Stats(clock);
  const memoryBytes = runtime.memory().totalBytes * config.accessMessageInMemoryMaxRatio / 100;
  const parts: Parts = {
    ...tables,
    runtime,
    config,
    log,
    store,
    disk: fs.dir(config.storePathCommitLog),
    confirmations,
    isSlave: !isMaster,
    stats,
    startedAt,
    memoryBytes,
    startsOnDisk: (topic, queueId) => startsOnDisk(store, topic, queueId, memoryBytes),
    delayTable: () => `{"offsetTable":{}}`,
  };
  const addresses = {
    broker: { host: config.brokerIP1, port: listeners.broker.address.port },
    ha: { host: config.brokerIP2, port: listeners.ha.address.port },
  };
  const sends = new Sends({
    ...parts,
    clock,
    accepts: isMaster,
    clusterName: config.brokerClusterName,
    regionId: config.regionId,
    traceOn: config.traceOn,
    maxMessageBytes: config.maxMessageSize,
    storeHost: addresses.broker,
    pick: (n) => randomBelow(runtime, n),
  });
  const pulls = new Pulls({ ...parts, clock, ...pullLimits(config, memoryBytes) });
  const stopArrivals = store.dispatch.onArrival((queue) => pulls.wake(queue.topic, queue.queueId));
  const peers = new Redial(runtime, log.child("rpc"));
  const following: Following | undefined = isMaster ? undefined : follow(parts, peers);
  const registrar = new Registrar({
    ...parts,
    clock,
    codecs: runtime.codecs,
    peers,
    namesrvAddr: config.namesrvAddr,
    node: {
      brokerAddr: addressText(addresses.broker),
      haServerAddr: addressText(addresses.ha),
      brokerId: config.brokerId,
      brokerName: config.brokerName,
      clusterName: config.brokerClusterName,
    },
    brokerPermission: config.brokerPermission,
    registerNameServerPeriod: config.registerNameServerPeriod,
    registerBrokerTimeoutMills: config.registerBrokerTimeoutMills,
    onMaster: (master) => following?.masterIs(master),
  });

  const handlers = brokerHandlers(parts, sends, pulls);
  const served: Served = {
    handlers,
    afterBatch: sends.commitSoon,
    closed: (peer: Peer) => tables.clients.closed(peer),
  };
  const stop = new AbortController();
  const rpcLog = { clock, log: log.child("rpc") };
  const running = together(stop.signal, (until) => [
    serve(listeners.broker, served, rpcLog, until),
    serve(listeners.fast, { ...served, handlers: fastHandlers(handlers) }, rpcLog, until),
    serveSlaves(listeners.ha, {
      commitLog: store.log,
      acks,
      clock,
      log: log.child("ha"),
      options: masterOptions(config),
    }, until),
    ...(following ? [following.run(until)] : []),
  ]).catch((error) => log.error("the broker stopped", { reason: reasonOf(error) }));
  await registrar.start();

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    closing ??= (async () => {
      await registrar.close();
      stop.abort();
      await running;
      peers.close();
      stopArrivals();
      pulls.close();
      confirmations.close();
      stats.close();
      await closeTables(tables);
      await store.close();
    })();
  return {
    role: config.brokerRole,
    ...addresses,
    get slaves() {
      return acks.connections; // not distinct ones: several on one machine count each
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function startsOnDisk(store: Store, topic: string, queueId: number, memoryBytes: number): boolean {
  const first = logOffsetOf(store.queues.get(topic, queueId), 0);
  return first !== undefined && store.log.tail - first > memoryBytes;
}

function randomBelow({ random }: Runtime, n: number): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return new DataView(bytes.buffer).getUint32(0) % Math.max(1, n);
}
