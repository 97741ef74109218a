import type { Log } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Peer } from "../rpc/peer.ts";
import { RequestCode } from "../wire/codes.ts";
import type { ConsumerData, Heartbeat } from "../wire/heartbeat.ts";
import { addressText } from "../wire/host_address.ts";
import { type Subscribed, updateSubscriptions } from "./filter/subscriptions.ts";

/** A client that said nothing for this long is gone. Source: ConsumerManager, ProducerManager. */
export const SILENT_MS = 120_000;
const SCAN_MS = 10_000;
/** Groups of one connection; a Java client has one or a few. */
const GROUPS_OF_PEER_MAX = 4_096;

/** What the registry asks of a connection. */
export type ClientPeer = Pick<Peer, "tell" | "call" | "drained" | "close" | "remote">;

/** One client of a group, on one connection. */
export interface Member {
  readonly clientId: string;
  readonly language: string | undefined;
  readonly version: number;
  /** On the monotonic clock. */
  readonly lastHeartbeat: number;
}

/** What the header of a heartbeat says about its sender. */
export interface ClientInfo {
  readonly language: string | undefined;
  readonly version: number;
}

/** A consumer group with at least one member, as its latest heartbeat described it. */
export interface OnlineGroup {
  readonly name: string;
  readonly consumeType: string;
  readonly messageModel: string;
  readonly consumeFromWhere: string;
  readonly members: ReadonlyMap<ClientPeer, Member>;
  /** By topic. */
  readonly subscriptions: ReadonlyMap<string, Subscribed>;
}

/** What the registry works with. */
export interface ClientsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Whether members of that group want to hear at once that it changed. */
  readonly notifies: (group: string) => boolean;
}

interface Group extends OnlineGroup {
  consumeType: string;
  messageModel: string;
  consumeFromWhere: string;
  readonly members: Map<ClientPeer, Member>;
  readonly subscriptions: Map<string, Subscribed>;
}

interface Place {
  /** The client's id, once it produces. */
  clientId?: string;
  readonly producers: Set<string>;
  readonly consumers: Set<string>;
}

/**
 * Live producers and consumers, a group and a connection each: the same client id on two connections is
 * two members. They come by heartbeat and go by request, by silence, or with their connection.
 */
export class Clients {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #notifies: (group: string) => boolean;
  readonly #producers = new Map<string, Map<ClientPeer, Member>>();
  readonly #consumers = new Map<string, Group>();
  /** Connections of clients that produce, by client id; the one that was heard of last. */
  readonly #producing = new Map<string, ClientPeer>();
  readonly #places = new Map<ClientPeer, Place>();
  /** Groups whose members will hear of a change at the end of this turn, once. */
  readonly #changed = new Set<string>();
  #cancelScan: () => void;

  constructor({ clock, log, notifies }: ClientsOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#notifies = notifies;
    this.#cancelScan = clock.after(SCAN_MS, () => this.#scan());
  }

  /** Takes note of a client and its groups; false when one connection names too many of them. */
  heartbeat(heartbeat: Heartbeat, peer: ClientPeer, info: ClientInfo): boolean {
    const place = this.#places.get(peer) ?? { producers: new Set(), consumers: new Set() };
    if (!hasRoom(place, heartbeat)) return false;
    const member: Member = {
      clientId: heartbeat.clientId,
      language: info.language,
      version: info.version,
      lastHeartbeat: this.#clock.monotonic(),
    };
    for (const group of heartbeat.producerGroups) {
      place.producers.add(group);
      let members = this.#producers.get(group);
      if (members === undefined) this.#producers.set(group, members = new Map());
      members.set(peer, member);
    }
    for (const consumer of heartbeat.consumers) {
      place.consumers.add(consumer.groupName);
      this.#consumerBeat(consumer, peer, member);
    }
    if (place.producers.size > 0) {
      place.clientId = heartbeat.clientId;
      this.#producing.set(heartbeat.clientId, peer);
    }
    if (place.producers.size + place.consumers.size > 0) this.#places.set(peer, place);
    return true;
  }

  /** A client leaves these groups of its own will. */
  unregister(peer: ClientPeer, producerGroup: string | undefined, consumerGroup?: string): void {
    if (producerGroup !== undefined) this.#dropProducer(producerGroup, peer);
    if (consumerGroup !== undefined) this.#dropConsumer(consumerGroup, peer);
  }

  /** The connection is gone, and its clients with it. */
  closed(peer: ClientPeer): void {
    const place = this.#places.get(peer);
    if (place === undefined) return;
    for (const group of place.producers) this.#dropProducer(group, peer);
    for (const group of place.consumers) this.#dropConsumer(group, peer);
  }

  /** The group, while it has members. */
  consumerGroup(name: string): OnlineGroup | undefined {
    return this.#consumers.get(name);
  }

  /** The consumer groups that have members. */
  consumerGroups(): Iterable<OnlineGroup> {
    return this.#consumers.values();
  }

  /** Client ids of a group's members; undefined when it has none. */
  consumerIds(group: string): string[] | undefined {
    const members = this.#consumers.get(group)?.members;
    return members && Array.from(members.values(), (member) => member.clientId);
  }

  /** The live producers of a group. */
  producers(group: string): ReadonlyMap<ClientPeer, Member> | undefined {
    return this.#producers.get(group);
  }

  /** The producer groups that have members. */
  producerGroups(): Iterable<[group: string, members: ReadonlyMap<ClientPeer, Member>]> {
    return this.#producers;
  }

  /** The connection of a client with that id that produces. */
  producer(clientId: string): ClientPeer | undefined {
    return this.#producing.get(clientId);
  }

  /** Forgets all; nobody hears of it. */
  close(): void {
    this.#cancelScan();
    this.#changed.clear();
    this.#producers.clear();
    this.#consumers.clear();
    this.#producing.clear();
    this.#places.clear();
  }

  #consumerBeat(data: ConsumerData, peer: ClientPeer, member: Member): void {
    let group = this.#consumers.get(data.groupName);
    if (group === undefined) {
      group = {
        name: data.groupName,
        consumeType: data.consumeType,
        messageModel: data.messageModel,
        consumeFromWhere: data.consumeFromWhere,
        members: new Map(),
        subscriptions: new Map(),
      };
      this.#consumers.set(data.groupName, group);
    }
    group.consumeType = data.consumeType;
    group.messageModel = data.messageModel;
    group.consumeFromWhere = data.consumeFromWhere;
    const joined = !group.members.has(peer);
    group.members.set(peer, member);
    if (updateSubscriptions(group.subscriptions, data.subscriptions) || joined) {
      this.#tellSoon(group.name);
    }
  }

  #dropProducer(group: string, peer: ClientPeer): void {
    const members = this.#producers.get(group);
    if (members?.delete(peer) && members.size === 0) this.#producers.delete(group);
    this.#leave(peer, (place) => place.producers.delete(group));
  }

  #dropConsumer(name: string, peer: ClientPeer): void {
    const group = this.#consumers.get(name);
    if (group?.members.delete(peer)) {
      if (group.members.size === 0) this.#consumers.delete(name);
      else this.#tellSoon(name);
    }
    this.#leave(peer, (place) => place.consumers.delete(name));
  }

  #leave(peer: ClientPeer, leave: (place: Place) => void): void {
    const place = this.#places.get(peer);
    if (place === undefined) return;
    leave(place);
    const { clientId } = place;
    if (clientId !== undefined && place.producers.size === 0) {
      if (this.#producing.get(clientId) === peer) this.#producing.delete(clientId);
      place.clientId = undefined;
    }
    if (place.producers.size + place.consumers.size === 0) this.#places.delete(peer);
  }

  /** When many come or go in one turn, each member hears of it once. */
  #tellSoon(group: string): void {
    if (!this.#notifies(group)) return;
    if (this.#changed.size === 0) this.#clock.soon(() => this.#tellAll());
    this.#changed.add(group);
  }

  #tellAll(): void {
    for (const name of this.#changed) {
      for (const peer of this.#consumers.get(name)?.members.keys() ?? []) {
        peer.tell({ code: RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, ext: { consumerGroup: name } });
      }
    }
    this.#changed.clear();
  }

  #scan(): void {
    this.#cancelScan = this.#clock.after(SCAN_MS, () => this.#scan());
    const oldest = this.#clock.monotonic() - SILENT_MS;
    for (const [peer, place] of [...this.#places]) {
      for (const group of place.producers) {
        if (isSilent(this.#producers.get(group)?.get(peer), oldest)) {
          this.#dropProducer(group, peer);
        }
      }
      for (const group of place.consumers) {
        const member = this.#consumers.get(group)?.members.get(peer);
        if (isSilent(member, oldest)) this.#dropConsumer(group, peer);
      }
      if (this.#places.has(peer)) continue; // other groups of that connection are alive
      this.#log.warn("closing the connection of a silent client", {
        remote: addressText(peer.remote),
      });
      peer.close();
    }
  }
}

function hasRoom({ producers, consumers }: Place, heartbeat: Heartbeat): boolean {
  let count = producers.size + consumers.size;
  for (const group of heartbeat.producerGroups) if (!producers.has(group)) count++;
  for (const { groupName } of heartbeat.consumers) if (!consumers.has(groupName)) count++;
  return count <= GROUPS_OF_PEER_MAX;
}

function isSilent(member: Member | undefined, oldest: number): boolean {
  return member === undefined || member.lastHeartbeat < oldest;
}
