import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import type { DeletedTopics } from "../wire/deleted_topics.ts";
import { type GroupTable, parseGroupTable } from "../wire/group.ts";
import { JsonBody } from "../wire/json_body.ts";
import {
  formatOffsetCommit,
  formatOffsetQuery,
  type OffsetPosition,
  type OffsetTable,
  parseOffsetAnswer,
  parseOffsetTable,
} from "../wire/offset.ts";
import { type SlaveName, slaveNameFields } from "../wire/slave_name.ts";
import { parseDelayTable } from "../wire/tables.ts";
import { parseTopicTable, type TopicTable } from "../wire/topic.ts";

/** Source: BrokerController.handleSlaveSynchronize. */
const FIRST_MS = 3_000;
const EVERY_MS = 10_000;
/** How soon a topic is noticed whose messages came before its settings. */
const LOOK_MS = 200;
const CALL_MS = 3_000;
/** How soon a master's address is noticed when there was none. */
const NO_MASTER_MS = 200;
/** Offsets that the master is told in one round; the rest follows in the next. */
const TOLD_MAX = 1_000;

/** Who owns the tables. None of them deletes anything because an answer is empty or older. */
export interface MetadataOwners {
  topics(table: TopicTable): void;
  groups(table: GroupTable): void;
  /** Takes over which messages of topics are deleted, as far as the log has come. */
  deleted(topics: DeletedTopics): Promise<void>;
  /**
   * Takes over consumer offsets of a master process, known by the time it started; gives those where
   * consumers got further here, which the master is told.
   */
  offsets(table: OffsetTable, bootTimestamp: number): readonly OffsetPosition[];
  /** The master has this one now: a later one that is less is a step back. */
  told(position: OffsetPosition): void;
  /** Takes over progress of the delay levels. */
  delay(table: ReadonlyMap<number, number>): void;
}

/** What copying a master's tables takes. */
export interface MetadataCopy {
  readonly redial: { call(address: string, request: Request, timeoutMs: number): Promise<Command> };
  readonly clock: Clock;
  readonly log: Log;
  /** What the slave has: positions count once their messages are there. */
  readonly store: { readonly dispatch: { reached(logOffset: number): Promise<void> } };
  /** The master's listenPort; undefined while there is no master. */
  readonly masterAddress: () => Address | undefined;
  /** True once when nobody has looked yet, or the log brought messages of a topic that has no settings here. */
  readonly lacksTopic: () => boolean;
  /** False while the slave's log is known not to be the master's: then its tables are not ours. */
  readonly mayCopy: () => boolean;
  /** True while the log is copied. Before, nothing shows that positions in the master's mean the same here. */
  readonly followed: () => boolean;
  /** How this slave names itself; undefined while no HA connection stands. */
  readonly name: () => SlaveName | undefined;
  readonly owners: MetadataOwners;
}

/**
 * Copies the master's tables every 10 s until `signal` aborts, and the topics as soon as one may be missing: this
 * slave may be the master in a moment, and nobody finds messages of a topic that is not known.
 */
export async function copyMetadata(copy: MetadataCopy, signal: AbortSignal): Promise<void> {
  const { clock, masterAddress, lacksTopic } = copy;
  const round = new Round(copy, signal);
  let next: number | undefined; // the time of the next round; undefined without a master
  while (!signal.aborted) {
    const master = masterAddress();
    const now = clock.monotonic();
    if (master === undefined) next = undefined;
    else if (next === undefined) next = now + FIRST_MS;
    else if (now >= next) {
      await round.run(master);
      next = clock.monotonic() + EVERY_MS;
    } else if (lacksTopic()) await round.topics(master);
    const left = next === undefined ? NO_MASTER_MS : next - clock.monotonic();
    await sleep(clock, Math.max(0, Math.min(left, LOOK_MS)), signal);
  }
}

/** What a master says of itself: 28. */
interface MasterInfo {
  /** ms since 1970. */
  readonly bootTimestamp: number;
  /** Where its log ends. */
  readonly end: number;
}

/** Positions in queues, and the log offset from which on every message they point at is here. */
interface Snapshot extends MasterInfo {
  readonly master: Address;
  readonly offsets: OffsetTable | undefined;
  readonly delay: ReadonlyMap<number, number> | undefined;
}

/** One look at all tables. Each part fails alone. */
class Round {
  readonly #copy: MetadataCopy;
  readonly #signal: AbortSignal;
  readonly #troubles = new Map<string, string>();
  #waiting: Snapshot | undefined; // for its messages to be dispatched

  constructor(copy: MetadataCopy, signal: AbortSignal) {
    this.#copy = copy;
    this.#signal = signal;
  }

  async run(master: Address): Promise<void> {
    const { owners, mayCopy } = this.#copy;
    if (!mayCopy()) {
      this.#waiting = undefined; // what the log becomes may not hold its messages
      return;
    }
    await Promise.all([
      this.topics(master),
      this.#part("groups", master, RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, parseGroupTable)
        .then((table) => table && this.#apply("groups", () => owners.groups(table))),
      this.#positions(master),
    ]);
  }

  /** Looks at the table of topics alone. */
  async topics(master: Address): Promise<void> {
    const { owners, mayCopy } = this.#copy;
    if (!mayCopy()) return;
    const code = RequestCode.GET_ALL_TOPIC_CONFIG;
    const table = await this.#part("topics", master, code, parseTopicTable);
    if (table) this.#apply("topics", () => owners.topics(table));
    if (!table?.deleted || !this.#isOurs) return; // its log offsets may mean something else here
    await owners.deleted(table.deleted).catch((error) => this.#failed("deleted topics", error));
  }

  /** Whether positions of the master are ours. */
  get #isOurs(): boolean {
    return !this.#signal.aborted && this.#copy.mayCopy() && this.#copy.followed();
  }

  /**
   * Offsets and delay progress point at messages that may still be on their way. The master's end, read
   * after them, is behind all of those: once our dispatch is there too, they may be used. A master that
   * does not say where it ends is asked again in the next round: any guess could be before them.
   */
  async #positions(master: Address): Promise<void> {
    if (!this.#isOurs) return;
    const [offsets, delay, first] = await Promise.all([
      this.#part("offsets", master, RequestCode.GET_ALL_CONSUMER_OFFSET, parseOffsetTable),
      this.#part("delay", master, RequestCode.GET_ALL_DELAY_OFFSET, parseDelayTable),
      this.#info(master),
    ]);
    if (first === undefined || (offsets === undefined && delay === undefined)) return;
    const info = await this.#info(master);
    if (info === undefined || info.bootTimestamp !== first.bootTimestamp) return;
    const snapshot = { master, ...info, offsets, delay };
    const waiting = this.#waiting;
    // The earlier one first, else one that is always behind would never get any.
    if (waiting !== undefined && continues(waiting, snapshot)) return;
    this.#waiting = snapshot;
    this.#takeEffect(snapshot).catch((error) => this.#failed("offsets", error));
  }

  async #takeEffect(snapshot: Snapshot): Promise<void> {
    const { store, owners } = this.#copy;
    const { master, offsets, delay, bootTimestamp, end } = snapshot;
    let further: readonly OffsetPosition[] = [];
    try {
      await store.dispatch.reached(end);
      if (this.#waiting !== snapshot || !this.#isOurs) return;
      if (offsets) further = owners.offsets(offsets, bootTimestamp);
      if (delay) owners.delay(delay);
    } finally {
      if (this.#waiting === snapshot) this.#waiting = undefined;
    }
    await this.#tell(master, further.slice(0, TOLD_MAX));
  }

  /**
   * Tells the master where its consumers went on here while it was away. It is asked before each: those
   * that are back with it may have told it more.
   */
  async #tell(master: Address, further: readonly OffsetPosition[]): Promise<void> {
    const { redial, log, owners } = this.#copy;
    const address = `${master.host}:${master.port}`;
    let told = 0;
    for (const position of further) {
      if (this.#signal.aborted) return;
      const now = await redial.call(address, formatOffsetQuery(position), CALL_MS);
      const isKnown = now.code === ResponseCode.SUCCESS;
      if (!isKnown && now.code !== ResponseCode.QUERY_NOT_FOUND) throw refusalOf(now);
      const known = isKnown ? parseOffsetAnswer(now) : -1;
      if (known >= position.queueOffset) {
        owners.told({ ...position, queueOffset: known });
        continue;
      }
      const request = formatOffsetCommit(position, position.queueOffset);
      const answer = await redial.call(address, request, CALL_MS);
      if (answer.code !== ResponseCode.SUCCESS) throw refusalOf(answer);
      owners.told(position);
      told++;
    }
    if (told > 0) log.info("told the master how far consumers got here", { master: address, told });
  }

  /** What the master says of itself; undefined when it does not, as one that has just started. */
  #info(master: Address): Promise<MasterInfo | undefined> {
    return this.#part("end", master, RequestCode.GET_BROKER_RUNTIME_INFO, infoOf);
  }

  /** Asks for one table; undefined when there was no answer, an empty or an unreadable one. */
  async #part<T>(
    name: string,
    master: Address,
    code: number,
    parse: (body: Uint8Array) => T,
  ): Promise<T | undefined> {
    try {
      const answer = await this.#ask(master, code);
      if (answer.code !== ResponseCode.SUCCESS) throw refusalOf(answer);
      if (answer.body.length === 0) return undefined;
      const table = parse(answer.body);
      this.#troubles.delete(name);
      return table;
    } catch (error) {
      this.#failed(name, error);
      return undefined;
    }
  }

  /** A Java slave asks for topics on the fast port only, so every master answers there. */
  #ask({ host, port }: Address, code: number): Promise<Command> {
    const { redial, name } = this.#copy;
    const isTopics = code === RequestCode.GET_ALL_TOPIC_CONFIG;
    const own = isTopics || code === RequestCode.GET_ALL_CONSUMER_OFFSET ? name() : undefined;
    const request = own === undefined ? { code } : { code, ext: slaveNameFields(own) };
    return redial.call(`${host}:${isTopics ? port - 2 : port}`, request, CALL_MS);
  }

  #apply(name: string, fn: () => void): void {
    if (!this.#copy.mayCopy()) return; // it has changed since we asked
    try {
      fn();
    } catch (error) {
      this.#failed(name, error);
    }
  }

  /** Says it once, not every 10 s. */
  #failed(name: string, error: unknown): void {
    const reason = reasonOf(error);
    if (this.#signal.aborted || this.#troubles.get(name) === reason) return;
    this.#troubles.set(name, reason);
    this.#copy.log.warn("cannot copy a table of the master", { table: name, reason });
  }
}

/** The later snapshot is of the same process, whose log went on: the earlier one will take effect, too. */
function continues(earlier: Snapshot, later: Snapshot): boolean {
  return earlier.master.host === later.master.host && earlier.master.port === later.master.port &&
    earlier.bootTimestamp === later.bootTimestamp && later.end >= earlier.end;
}

/** @throws {FieldError} when the body is no JSON. */
function infoOf(body: Uint8Array): MasterInfo | undefined {
  const table = JsonBody.parse(body).object("table");
  const [end, bootTimestamp] = ["commitLogMaxOffset", "bootTimestamp"].map((name) =>
    Number(table.textOr(name, "none"))
  );
  return Number.isSafeInteger(end) && end >= 0 && Number.isSafeInteger(bootTimestamp)
    ? { end, bootTimestamp }
    : undefined;
}

function refusalOf({ code, remark }: Command): Error {
  return new Error(`answer ${code}: ${remark ?? ""}`);
}
