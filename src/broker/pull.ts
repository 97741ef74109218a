import type { Outbox } from "../base/bytes.ts";
import { CorruptLogError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Answer, Peer, ReplyTo } from "../rpc/peer.ts";
import type { CommitLog } from "../store/commit_log.ts";
import { QueueRead, type ReadLimits, type ReadStatus } from "../store/read.ts";
import type { Store } from "../store/store.ts";
import { beginReply } from "../wire/codec.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { type Command, FLAG_ONEWAY, refuse, type Reply } from "../wire/command.ts";
import { hostBytes } from "../wire/host_address.ts";
import { formatPullAnswer, parsePull, PULL_FLAG, type PullRequest } from "../wire/pull.ts";
import type { Clients } from "./clients.ts";
import type { Filters } from "./filter/filters.ts";
import type { MessageFilter, PullFilter } from "./filter/tags.ts";
import type { Groups } from "./groups.ts";
import type { Offsets } from "./offsets.ts";
import { OffsetMoves } from "./pulls/offset_moved.ts";
import { type ParkedPull, ParkedPulls } from "./parked.ts";
import { PERM_READ } from "./topic_rules.ts";
import type { Puts } from "./puts.ts";
import type { Stats } from "./stats.ts";
import type { Topic, Topics } from "./topics.ts";

/** Bounds of pulls, and who may read what. */
export interface PullLimits {
  readonly brokerPermission: number;
  readonly longPolling: boolean;
  readonly shortPollingMs: number;
  readonly slaveReadEnable: boolean;
  readonly offsetCheckInSlave: boolean;
  /** Bounds of one answer. */
  readonly limits: ReadLimits;
}

/** What pulls need of their broker. */
export interface PullContext extends PullLimits {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly puts: Pick<Puts, "put">;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly offsets: Offsets;
  readonly clients: Clients;
  readonly filters: Filters;
  readonly stats: Stats;
  readonly isSlave: boolean;
  readonly brokerName: string;
  /** This broker, as records have it. */
  readonly storeHost: Address;
  /** Own id; readers are told to stay while no master is there to go to. */
  readonly brokerId: number;
  /** On a slave: no name server has a master, and none is followed. */
  readonly masterGone: () => boolean;
}

/** Answers pulls: reads, filters, and parks those that find nothing. */
export class Pulls {
  readonly #context: PullContext;
  readonly #parked: ParkedPulls;
  readonly #moves: OffsetMoves;
  readonly #read = new QueueRead(); // each read is answered before the next

  constructor(context: PullContext) {
    this.#context = context;
    this.#parked = new ParkedPulls(context.clock, this.#again);
    const { puts, storeHost } = context;
    this.#moves = new OffsetMoves({
      ...context,
      storeHost: hostBytes(storeHost),
      put: (message) => void puts.put(message, false),
    });
  }

  /** Pulls that wait for a message. */
  get parked(): number {
    return this.#parked.count;
  }

  /** Handler of 11 and 361. */
  pull = (command: Command, peer: Peer): Answer => {
    const request = parsePull(command.ext);
    const filter = this.#admit(request);
    if ("code" in filter) return filter;
    const { offsets, clock, longPolling, shortPollingMs, isSlave } = this.#context;
    if ((request.sysFlag & PULL_FLAG.commitOffset) !== 0 && !isSlave) {
      offsets.commit(request.consumerGroup, request.topic, request.queueId, request.commitOffset);
    }
    const { form, opaque, flag } = command;
    const holds = (request.sysFlag & PULL_FLAG.mayPark) !== 0;
    const holdMs = longPolling ? request.holdMs : shortPollingMs;
    const deadline = holds ? clock.monotonic() + holdMs : 0;
    this.#run({ peer, to: { form, opaque, flag }, request, deadline }, filter.wants);
    return undefined;
  };

  /** Runs the pulls that wait for this queue. */
  wake = (topic: string, queueId: number): void => this.#parked.wake(topic, queueId);

  /** Forgets the pulls of a connection that is gone. */
  closed(peer: Peer): void {
    this.#parked.closed(peer);
  }

  close(): void {
    this.#parked.close();
  }

  /** Runs a pull that was parked. Whoever wakes it must not hear of what goes wrong with it. */
  #again = (pull: ParkedPull): void => {
    const { peer, to, request } = pull;
    try {
      const filter = this.#admit(request);
      if ("code" in filter) return peer.reply(to, filter);
      this.#run(pull, filter.wants, true);
    } catch (error) {
      peer.fail({ ...to, code: RequestCode.PULL_MESSAGE }, error);
    }
  };

  /** Answers a pull, or parks it until its deadline; 0 does not park. */
  #run(pull: ParkedPull, wants: MessageFilter | undefined, wasParked = false): void {
    const { peer, to, request, deadline } = pull;
    const { store, limits, clock, stats, isSlave, offsetCheckInSlave } = this.#context;
    const read = this.#read;
    const begun = clock.monotonic();
    read.read(store.log, {
      queue: store.queues.get(request.topic, request.queueId),
      queueOffset: request.queueOffset,
      maxMessages: Math.max(1, request.maxMessages),
      limits,
      filter: wants,
      keepsOffset: isSlave && !offsetCheckInSlave,
    });
    stats.longestReadMs = Math.max(stats.longestReadMs, clock.monotonic() - begun);
    if (read.status === "found") return this.#answerFound(peer, to, read, request);
    stats.missed.add(1);
    const code = this.#codeOf(read, request);
    const waits = code === ResponseCode.PULL_NOT_FOUND || (wasParked && hasSeenAll(read));
    if (!waits || deadline <= clock.monotonic()) {
      return peer.reply(to, this.#answerEmpty(code, read, request));
    }
    // Told to ask again it would do so at once, and again: a client that hears "busy" takes a rest.
    if (!this.#parked.park(behind(pull, read))) peer.reply(to, BUSY);
  }

  /** The checks before a read; gives what to filter by, or the refusal. */
  #admit(request: PullRequest): PullFilter | Reply {
    const { brokerPermission, groups, topics, clients, filters, store, isSlave } = this.#context;
    const { consumerGroup, topic: name, queueId } = request;
    if ((brokerPermission & PERM_READ) === 0) {
      return refuse(ResponseCode.NO_PERMISSION, "cannot pull: this broker may not be read");
    }
    const group = groups.find(consumerGroup);
    if (group === undefined) {
      return refuse(
        ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
        `cannot pull as "${consumerGroup}": no such group`,
      );
    }
    if (!group.consumeEnable) {
      return refuse(
        ResponseCode.NO_PERMISSION,
        `cannot pull as "${consumerGroup}": it is disabled`,
      );
    }
    const topic = topics.get(name);
    if (topic !== undefined) {
      const refusal = unreadable(topic, queueId);
      if (refusal !== undefined) return refusal;
    } else if (!isSlave || store.queues.get(name, queueId) === undefined) {
      // A slave has messages earlier than their topic's settings, which come every 10 s: it serves them.
      return refuse(ResponseCode.TOPIC_NOT_EXIST, `cannot pull "${name}": not on this broker`);
    }
    const online = clients.consumerGroup(consumerGroup);
    return filters.of(request, online, group.consumeBroadcastEnable);
  }

  #answerFound(peer: Peer, to: ReplyTo, read: QueueRead, request: PullRequest): void {
    if ((to.flag & FLAG_ONEWAY) !== 0 || peer.closed) return;
    const { store: { log }, stats } = this.#context;
    const { out } = peer;
    const before = out.length;
    const suggestion = this.#suggestion(read, request.consumerGroup);
    beginReply(
      out,
      to,
      formatPullAnswer(ResponseCode.SUCCESS, "FOUND", read, suggestion),
      read.totalBytes,
    );
    try {
      putRecords(out, log, read);
    } catch (error) {
      out.takeBack(out.length - before); // half an answer would spoil all that follow it
      throw error;
    }
    stats.found.add(1);
    stats.got.add(read.count);
    stats.counts.got(request.consumerGroup, request.topic, read.count, read.totalBytes);
    peer.flushSoon();
  }

  #answerEmpty(code: number, read: QueueRead, request: PullRequest): Reply {
    const { isSlave, offsetCheckInSlave, groups } = this.#context;
    const status = STATUS_NAMES[read.status];
    if (code === ResponseCode.PULL_OFFSET_MOVED && isSlave && !offsetCheckInSlave) {
      const master = groups.find(request.consumerGroup)?.brokerId ?? 0;
      return formatPullAnswer(ResponseCode.PULL_RETRY_IMMEDIATELY, status, read, master);
    }
    if (code === ResponseCode.PULL_OFFSET_MOVED && !isSlave) {
      this.#moves.moved(request, read.nextBeginOffset);
    }
    return formatPullAnswer(code, status, read, this.#suggestion(read, request.consumerGroup));
  }

  /**
   * The code of a read that found nothing. Only a master corrects offsets: a slave may simply not have the
   * messages yet, and sends the reader to its master. While there is none the reader waits for it here.
   */
  #codeOf(read: QueueRead, request: PullRequest): number {
    const { isSlave, offsetCheckInSlave, masterGone } = this.#context;
    const code = codeOf(read, request);
    const waits = code === ResponseCode.PULL_OFFSET_MOVED && isSlave && !offsetCheckInSlave &&
      masterGone();
    return waits ? ResponseCode.PULL_NOT_FOUND : code;
  }

  /**
   * Whom to ask next: a slave when this broker would have to read what its memory no longer holds, and a
   * slave without a master itself.
   */
  #suggestion(read: QueueRead, groupName: string): number {
    const { slaveReadEnable, isSlave, masterGone, brokerId } = this.#context;
    if (!slaveReadEnable) return 0;
    if (isSlave && masterGone()) return brokerId;
    const group = this.#context.groups.find(groupName);
    return read.lagBytes > this.#context.limits.memoryBytes
      ? group?.whichBrokerWhenConsumeSlowly ?? 1
      : group?.brokerId ?? 0;
  }
}

/** The records found, back to back. @throws {FsError} @throws {CorruptLogError} and some may have been put. */
function putRecords(out: Outbox, log: CommitLog, { count, entries, totalBytes }: QueueRead): void {
  out.reserve(totalBytes);
  for (let i = 0; i < count; i++) {
    const [logOffset, size] = [entries[2 * i], entries[2 * i + 1]];
    const got = log.readAt(logOffset, out.slab.subarray(out.at, out.at + size));
    if (got < size) {
      throw new CorruptLogError("commit log", logOffset, `${got} of a message's ${size} bytes`);
    }
    out.advance(size);
  }
}

/** True when all messages of the queue were looked at and the filter wants none of them. */
function hasSeenAll({ status, nextBeginOffset, maxOffset }: QueueRead): boolean {
  return status === "noMatchedMessage" && nextBeginOffset === maxOffset;
}

/** The pull as it goes on behind what was read and not wanted. */
function behind(pull: ParkedPull, read: QueueRead): ParkedPull {
  if (!hasSeenAll(read)) return pull;
  return { ...pull, request: { ...pull.request, queueOffset: read.nextBeginOffset } };
}

const BUSY: Reply = refuse(
  ResponseCode.SYSTEM_BUSY,
  "[OVERLOAD] cannot wait for a message: too many pulls do already",
);

function unreadable(topic: Topic, queueId: number): Reply | undefined {
  const { topicName, readQueueNums } = topic;
  if ((topic.perm & PERM_READ) === 0) {
    return refuse(ResponseCode.NO_PERMISSION, `cannot pull "${topicName}": it may not be read`);
  }
  if (queueId >= 0 && queueId < readQueueNums) return undefined;
  return refuse(
    ResponseCode.SYSTEM_ERROR,
    `cannot pull queue ${queueId} of "${topicName}": it has ${readQueueNums} queues`,
  );
}

/** The code of a read that found nothing. Source: PullMessageProcessor. */
function codeOf({ status }: QueueRead, { queueOffset }: PullRequest): number {
  if (status === "noMessageInQueue" && queueOffset === 0) return ResponseCode.PULL_NOT_FOUND;
  return CODES[status];
}

const CODES: Record<ReadStatus, number> = {
  found: ResponseCode.SUCCESS,
  noMessageInQueue: ResponseCode.PULL_OFFSET_MOVED,
  offsetTooSmall: ResponseCode.PULL_OFFSET_MOVED,
  offsetOverflowOne: ResponseCode.PULL_NOT_FOUND,
  offsetOverflowBadly: ResponseCode.PULL_OFFSET_MOVED,
  offsetFoundNull: ResponseCode.PULL_NOT_FOUND,
  noMatchedMessage: ResponseCode.PULL_RETRY_IMMEDIATELY,
  messageWasRemoving: ResponseCode.PULL_RETRY_IMMEDIATELY,
};

/** Remarks of pull answers, as tools show them. */
const STATUS_NAMES: Record<ReadStatus, string> = {
  found: "FOUND",
  noMessageInQueue: "NO_MESSAGE_IN_QUEUE",
  offsetTooSmall: "OFFSET_TOO_SMALL",
  offsetOverflowOne: "OFFSET_OVERFLOW_ONE",
  offsetOverflowBadly: "OFFSET_OVERFLOW_BADLY",
  offsetFoundNull: "OFFSET_FOUND_NULL",
  noMatchedMessage: "NO_MATCHED_MESSAGE",
  messageWasRemoving: "MESSAGE_WAS_REMOVING",
};
