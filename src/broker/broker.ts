import { type Log, reasonOf } from "../base/log.ts";
import { randomBelow } from "../base/random_below.ts";
import { together } from "../base/together.ts";
import { serveSlaves } from "../ha/master.ts";
import { Witness } from "../ha/witness.ts";
import type { Runtime } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Peer, Served } from "../rpc/peer.ts";
import { Redial } from "../rpc/redial.ts";
import { serve } from "../rpc/serve.ts";
import type { OpenProgress } from "../store/opening/headway.ts";
import { openStore } from "../store/store.ts";
import { addressText, ipBytes } from "../wire/host_address.ts";
import { liveConfig, notePorts } from "./admin/live_config.ts";
import { savedConfig } from "./admin/saved_config.ts";
import { updateConfigHandler } from "./admin/update_config.ts";
import type { BrokerConfig, BrokerRole } from "./config.ts";
import type { Configured } from "./configure.ts";
import { deliveryOf, noteDeliveredOf } from "./delay/delivery_of.ts";
import { detoursOf } from "./detours.ts";
import { brokerHandlers, fastHandlers } from "./handlers.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { closeParts, openParts, type Parts } from "./parts.ts";
import { Pulls } from "./pull.ts";
import { type MasterAddresses, Registrar } from "./registration.ts";
import { tooFewReplicas } from "./replicas.ts";
import { Sends } from "./send.ts";
import { follow, type Following } from "./slave.ts";
import { masterOptions, pullLimits, storeOptions } from "./told.ts";

/** A broker that runs. */
export interface Broker extends AsyncDisposable, Addresses {
  /** What it does in its group. */
  readonly role: BrokerRole;
  /** Distinct slaves that have reported to this master and are connected. */
  readonly slaves: number;
  /** Resolves when it serves no more: after `close`, or by itself, and then the log says why. */
  readonly stopped: Promise<void>;
  /** Unregisters, lets answers leave, flushes and closes the store. */
  close(): Promise<void>;
}

/** What the configuration of a broker was made of. */
export interface StartedFrom extends Partial<Pick<Configured, "origins">> {
  /** The file that was named, if one was. */
  readonly file?: string;
}

/** How far long work on a broker's log is. */
export interface WorkProgress extends OpenProgress {
  readonly work: "recovers" | "copies";
}

/** Who wants to see that; `undefined` when the work is over. */
export type OnWork = (progress: WorkProgress | undefined) => void;

/** Where a broker is reached, as it tells the name servers. */
export interface Addresses {
  /** For clients. */
  readonly broker: Address;
  /** For slaves. */
  readonly ha: Address;
}

/**
 * Starts a broker. No port is open before its store can serve, and no name server hears of it before its
 * ports are open. A long recovery and a slave's long copy are shown by `onWork`, or in the log without it. What
 * an operator changes while it runs goes into the file that it was started `from`, too.
 *
 * @throws {NetError} with code "in-use" when a port is taken.
 * @throws {StoreRefusal} when the store is not for this node. @throws {CorruptLogError} when it is damaged.
 */
export async function startBroker(
  runtime: Runtime,
  told: BrokerConfig,
  log: Log,
  onWork?: OnWork,
  from?: StartedFrom,
): Promise<Broker> {
  const config = liveConfig(told);
  const root = runtime.fs.dir(config.storePathRootDir);
  const options = storeOptions(runtime, config);
  const recovers = shown("recovers", onWork);
  const store = await openStore(runtime, root, options, log.child("store"), recovers);
  let parts: Parts | undefined;
  try {
    parts = openParts(runtime, config, store, log);
    if (!parts.isSlave) await noteDeliveredOf(parts); // it may read much of the log
    return await run(parts, await openListeners(runtime.net, config), onWork, from);
  } catch (error) {
    if (parts) await closeParts(parts);
    await store.close();
    throw error;
  }
}

/** Serves on open ports and registers; resolves when the name servers know of it that can. */
async function run(
  parts: Parts,
  listeners: Listeners,
  onWork: OnWork | undefined,
  from: StartedFrom | undefined,
): Promise<Broker> {
  const { runtime, config, log, store, acks } = parts;
  notePorts(config, listeners);
  const addresses = {
    broker: { host: config.brokerIP1, port: listeners.broker.address.port },
    ha: { host: config.brokerIP2, port: listeners.ha.address.port },
  };
  const sends = sendsOf(parts, addresses.broker);
  const pulls = new Pulls({
    ...parts,
    ...runtime,
    ...pullLimits(config, parts.memoryBytes),
    ...config,
    get brokerPermission() { // these may change
      return config.brokerPermission;
    },
    get longPolling() {
      return config.longPollingEnable;
    },
    get slaveReadEnable() {
      return config.slaveReadEnable;
    },
    storeHost: literal(addresses.broker, runtime),
    masterGone: () => following?.masterGone ?? false,
  });
  const stopArrivals = store.dispatch.onArrival(({ topic, queueId }) => pulls.wake(topic, queueId));
  const peers = new Redial(runtime, log.child("rpc"));
  const following = parts.isSlave
    ? follow(parts, peers, addresses, shown("copies", onWork))
    : undefined;
  const stop = new AbortController();
  await following?.resync.finish(stop.signal); // before anybody reads what it cuts
  const witness = witnessOf(parts, peers);
  const registrar = registrarOf(parts, peers, addresses, (master) => following?.masterIs(master));
  const serving = { sends, pulls, following, witness, registrar, from };
  const running = serveAll(parts, listeners, serving, stop.signal);
  await registrar.start();

  const end = async () => {
    await registrar.close();
    await sends.stop();
    stop.abort();
    await running;
    peers.close();
    stopArrivals();
    pulls.close();
    await closeParts(parts);
    await store.close();
  };
  let ended: Promise<void> | undefined;
  const close = () => ended ??= end();
  return {
    role: config.brokerRole,
    ...addresses,
    get slaves() {
      return acks.slaves;
    },
    stopped: running,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function shown(
  work: WorkProgress["work"],
  onWork: OnWork | undefined,
): ((progress: OpenProgress | undefined) => void) | undefined {
  return onWork && ((progress) => onWork(progress && { ...progress, work }));
}

/** Serves clients, slaves and, on a slave, the copy of its master, until the signal aborts. */
function serveAll(
  parts: Parts,
  listeners: Listeners,
  { sends, pulls, following, witness, registrar, from }: {
    sends: Sends;
    pulls: Pulls;
    following: Following | undefined;
    witness: Witness;
    registrar: Registrar;
    from: StartedFrom | undefined;
  },
  signal: AbortSignal,
): Promise<void> {
  const { runtime, config, store, slaves, clients } = parts;
  const { clock } = runtime;
  const handlers = new Map([
    ...brokerHandlers(parts, sends, pulls, following, () => registrar.known()),
    updateConfigHandler({ ...parts, ...from, saved: savedConfig(runtime.fs, from?.file) }),
  ]);
  const served: Served = {
    handlers,
    takesFrame: sends.takesFrame,
    afterBatch: parts.puts.commitSoon,
    closed: (peer: Peer) => {
      clients.closed(peer);
      pulls.closed(peer);
    },
  };
  const rpc = { clock, log: parts.log.child("rpc") };
  const log = parts.log.child("ha");
  const options = masterOptions(config);
  return together(signal, (until) => [
    parts.stats.stalls.run(until),
    serve(listeners.broker, served, rpc, until),
    serve(listeners.fast, { ...served, handlers: fastHandlers(handlers) }, rpc, until),
    serveSlaves(
      listeners.ha,
      { commitLog: store.log, slaves, clock, log, options, witness },
      until,
    ),
    ...(following
      ? [following.run(until)]
      : [deliveryOf(parts).run(until), parts.transactions.run(until)]),
  ]).catch((error) => parts.log.error("the broker stopped", { reason: reasonOf(error) }));
}

/** Asks slaves what they hold, before they are served. */
function witnessOf({ runtime, config, store }: Parts, calls: Redial): Witness {
  return new Witness({
    ...config,
    ...runtime,
    calls,
    log: store.log,
    ownHosts: () => runtime.addresses(),
  });
}

function sendsOf(parts: Parts, storeHost: Address): Sends {
  const { config, runtime } = parts;
  return new Sends({
    ...parts,
    detours: detoursOf(parts),
    accepts: !parts.isSlave,
    clusterName: config.brokerClusterName,
    regionId: config.regionId,
    traceOn: config.traceOn,
    maxMessageBytes: config.maxMessageSize,
    storeHost: literal(storeHost, runtime),
    tooFewReplicas: () => tooFewReplicas(parts),
    pick: (n) => randomBelow(runtime, n),
  });
}

/** The address for records and message ids, which hold no names: brokerIP1 may be one. */
function literal({ host, port }: Address, { addresses }: Runtime): Address {
  return { host: ipBytes(host) ? host : addresses()[0] ?? "127.0.0.1", port };
}

function registrarOf(
  parts: Parts,
  peers: Redial,
  { broker, ha }: Addresses,
  onMaster: (master: MasterAddresses) => void,
): Registrar {
  const { config, runtime } = parts;
  return new Registrar({
    ...parts,
    ...config,
    get brokerPermission() { // it may change
      return config.brokerPermission;
    },
    clock: runtime.clock,
    codecs: runtime.codecs,
    peers,
    node: {
      brokerAddr: addressText(broker),
      haServerAddr: addressText(ha),
      brokerId: config.brokerId,
      brokerName: config.brokerName,
      clusterName: config.brokerClusterName,
    },
    onMaster,
  });
}
