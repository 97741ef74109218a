import { textOf } from "../base/bytes.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import { type GroupTable, parseGroupTable } from "../wire/group.ts";
import { JsonBody } from "../wire/json_body.ts";
import { type OffsetTable, parseOffsetTable } from "../wire/offset.ts";
import { parseTopicTable, type TopicTable } from "../wire/topic.ts";

/** Source: BrokerController.handleSlaveSynchronize. */
const FIRST_MS = 3_000;
const EVERY_MS = 10_000;
const CALL_MS = 3_000;
/** How soon a master's address is noticed when there was none. */
const NO_MASTER_MS = 200;

/** Who owns the tables. None of them deletes anything because an answer is empty or older. */
export interface MetadataOwners {
  topics(table: TopicTable): void;
  groups(table: GroupTable): void;
  offsets(table: OffsetTable): void;
  /** Progress of the delay levels, in the JSON that delayOffset.json holds. */
  delay(text: string): void;
}

/** What copying a master's tables takes. */
export interface MetadataCopy {
  readonly redial: { call(address: string, request: Request, timeoutMs: number): Promise<Command> };
  readonly clock: Clock;
  readonly log: Log;
  readonly store: {
    readonly log: { readonly tail: number };
    readonly dispatch: { reached(logOffset: number): Promise<void> };
  };
  /** The master's listenPort; undefined while there is no master. */
  readonly masterAddress: () => Address | undefined;
  readonly owners: MetadataOwners;
}

/** Copies the master's tables every 10 s until `signal` aborts. */
export async function copyMetadata(copy: MetadataCopy, signal: AbortSignal): Promise<void> {
  const { clock, masterAddress } = copy;
  const round = new Round(copy, signal);
  let known = false;
  while (!signal.aborted) {
    const master = masterAddress();
    if (master === undefined) await sleep(clock, NO_MASTER_MS, signal);
    else if (!known) await sleep(clock, FIRST_MS, signal);
    else {
      await round.run(master);
      await sleep(clock, EVERY_MS, signal);
    }
    known = master !== undefined;
  }
}

/** Positions in queues, and the log offset from which on every message they point at is here. */
interface Snapshot {
  readonly master: Address;
  readonly end: number;
  readonly offsets: OffsetTable | undefined;
  readonly delay: string | undefined;
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
    const { owners } = this.#copy;
    // A Java slave asks for topics on this port only, so every master answers there.
    const fast = { host: master.host, port: master.port - 2 };
    await Promise.all([
      this.#part("topics", fast, RequestCode.GET_ALL_TOPIC_CONFIG, parseTopicTable)
        .then((table) => table && this.#apply("topics", () => owners.topics(table))),
      this.#part("groups", master, RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG, parseGroupTable)
        .then((table) => table && this.#apply("groups", () => owners.groups(table))),
      this.#positions(master),
    ]);
  }

  /**
   * Offsets and delay progress point at messages that may still be on their way. The master's end, read
   * after them, is behind all of those: once our dispatch is there too, they may be used.
   */
  async #positions(master: Address): Promise<void> {
    const [offsets, delay] = await Promise.all([
      this.#part("offsets", master, RequestCode.GET_ALL_CONSUMER_OFFSET, parseOffsetTable),
      this.#part("delay", master, RequestCode.GET_ALL_DELAY_OFFSET, textOf),
    ]);
    if (offsets === undefined && delay === undefined) return;
    const masterEnd = await this.#part(
      "end",
      master,
      RequestCode.GET_BROKER_RUNTIME_INFO,
      logEndOf,
    );
    const waiting = this.#waiting;
    if (waiting && sameAddress(waiting.master, master) && !(masterEnd! < waiting.end)) {
      return; // the earlier one first, else one that is always behind would never get any
    }
    const snapshot = { master, end: masterEnd ?? this.#copy.store.log.tail, offsets, delay };
    this.#waiting = snapshot;
    this.#takeEffect(snapshot).catch((error) => this.#failed("offsets", error));
  }

  async #takeEffect(snapshot: Snapshot): Promise<void> {
    try {
      await this.#copy.store.dispatch.reached(snapshot.end);
      if (this.#waiting !== snapshot || this.#signal.aborted) return;
      const { offsets, delay } = snapshot;
      if (offsets) this.#copy.owners.offsets(offsets);
      if (delay) this.#copy.owners.delay(delay);
    } finally {
      if (this.#waiting === snapshot) this.#waiting = undefined;
    }
  }

  /** Asks for one table; undefined when there was no answer, an empty or an unreadable one. */
  async #part<T>(
    name: string,
    { host, port }: Address,
    code: number,
    parse: (body: Uint8Array) => T,
  ): Promise<T | undefined> {
    try {
      const answer = await this.#copy.redial.call(`${host}:${port}`, { code }, CALL_MS);
      if (answer.code !== ResponseCode.SUCCESS) {
        throw new Error(`answer ${answer.code}: ${answer.remark ?? ""}`);
      }
      if (answer.body.length === 0) return undefined;
      const table = parse(answer.body);
      this.#troubles.delete(name);
      return table;
    } catch (error) {
      this.#failed(name, error);
      return undefined;
    }
  }

  #apply(name: string, fn: () => void): void {
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

/** Where the master's log ends; undefined when it does not say, as a broker that has just started. */
function logEndOf(body: Uint8Array): number | undefined {
  const end = Number(JsonBody.parse(body).object("table").textOr("commitLogMaxOffset", "none"));
  return Number.isSafeInteger(end) && end >= 0 ? end : undefined;
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}
