import { together } from "../base/together.ts";
import { copyMetadata, type MetadataOwners } from "../ha/metadata.ts";
import { answersOf } from "../ha/master_answers.ts";
import { followMaster, SlaveStatus } from "../ha/slave.ts";
import type { Resync } from "../ha/resync.ts";
import type { SlaveView } from "../ha/slave_status.ts";
import type { OnProgress } from "../ha/watch.ts";
import type { Address } from "../ports/net.ts";
import { SCHEDULE_TOPIC } from "../store/delay.ts";
import type { Redial } from "../rpc/redial.ts";
import { addressText, parseAddress } from "../wire/host_address.ts";
import type { Parts } from "./parts.ts";
import type { MasterAddresses } from "./registration.ts";
import { takingBack } from "./resync.ts";
import { slaveOptions } from "./told.ts";

/** How long a master may take to answer what a slave asks. */
const ANSWER_MS = 3_000;
/** A name server that answers says where the master's broker port is; only then is it guessed from haMasterAddress. */
const GUESS_AFTER_MS = 500;

/** Where this slave is reached itself. */
export interface OwnAddresses {
  readonly broker: Address;
}

/** A slave's side of replication: the log from the HA port, tables from the broker port. */
export interface Following {
  readonly status: SlaveStatus;
  readonly resync: Resync;
  /** What it tells whoever asks how replication is here. */
  readonly view: () => SlaveView;
  /** What the name servers say of the master; a configured haMasterAddress wins over its HA address. */
  masterIs(master: MasterAddresses): void;
  /** No name server has a master, and none is followed. */
  readonly masterGone: boolean;
  /** Follows until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Prepares to follow the master that registration or the configuration names. */
export function follow(
  parts: Parts,
  peers: Redial,
  own: OwnAddresses,
  onProgress?: OnProgress,
): Following {
  const { runtime, config, store } = parts;
  const { clock, codecs, net } = runtime;
  const log = parts.log.child("ha");
  const given = config.haMasterAddress ? parseAddress(config.haMasterAddress) : undefined;
  const mayGuessAt = given ? clock.monotonic() + GUESS_AFTER_MS : 0;
  let ha: Address | undefined = given;
  let broker: Address | undefined;
  const status = new SlaveStatus(clock, log);
  const brokerAt = (from: Address | undefined) =>
    broker ?? (from && clock.monotonic() >= mayGuessAt ? brokerOf(from) : undefined);
  const master = () => {
    const at = brokerAt(ha);
    return ha && at && { ha, broker: at };
  };
  const answers = (address: Address) => answersOf(peers, address, ANSWER_MS);
  const taking = takingBack(parts, status, () => {
    const at = master()?.broker;
    return at && { answers: answers(at), address: addressText(at) };
  });
  return {
    status,
    resync: taking.resync,
    view: taking.view,
    masterIs({ masterAddr, haServerAddr }) {
      const named = masterAddr === undefined ? undefined : parseAddress(masterAddr);
      if (named && addressText(named) === addressText(own.broker)) return; // what we were once
      broker = named;
      if (given === undefined && haServerAddr) ha = parseAddress(haServerAddr);
    },
    get masterGone() {
      return broker === undefined && !status.followed;
    },
    run: (signal) =>
      together(signal, (until) => [
        followMaster({
          net,
          clock,
          codecs,
          store,
          log,
          options: slaveOptions(config),
          master,
          answers,
          self: { brokerId: config.brokerId, listenPort: own.broker.port },
          status,
          suspectFrom: store.suspectFrom,
          between: taking.turn,
          onProgress,
        }, until),
        copyMetadata({
          redial: peers,
          clock,
          log: parts.log.child("metadata"),
          store,
          masterAddress: () => brokerAt(given),
          lacksTopic: lackingTopics(parts),
          mayCopy: () => status.mayCopyTables,
          followed: () => status.followed,
          name: () => status.name,
          owners: ownersOf(parts),
        }, until),
      ]),
  };
}

/** Where a broker answers whose HA port is the default one. */
function brokerOf({ host, port }: Address): Address {
  return { host, port: Math.max(1, port - 1) };
}

/** True at the first look, and when the log brought a topic since the last one, and one has no settings here. */
function lackingTopics({ store: { queues }, topics }: Parts): () => boolean {
  let seen: number | undefined;
  return () => {
    if (queues.topicCount === seen) return false;
    const isFirst = seen === undefined;
    seen = queues.topicCount;
    return isFirst || [...queues.topicNames()].some((name) => topics.get(name) === undefined);
  };
}

function ownersOf({ topics, groups, offsetCopy, delay, store }: Parts): MetadataOwners {
  return {
    topics: (table) => topics.replaceFrom(table.dataVersion, table.topics.values()),
    deleted: (topics) => store.deletions.follow(topics),
    groups: (table) => groups.replaceFrom(table.dataVersion, table.groups),
    offsets: (table, bootTimestamp) => offsetCopy.take(table, bootTimestamp),
    told: (position) => offsetCopy.told(position),
    delay: (table) =>
      delay.mergeFrom(
        table,
        (level) => store.queues.get(SCHEDULE_TOPIC, level - 1)?.maxOffset ?? 0,
      ),
  };
}
