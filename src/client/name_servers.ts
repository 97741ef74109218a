import { reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import type { Clock } from "../ports/host.ts";
import { CallError } from "../rpc/peer.ts";
import { parseAddress } from "../wire/host_address.ts";
import type { Redial } from "../rpc/redial.ts";
import type { Command, Request } from "../wire/command.ts";

const ANSWER_MS = 3_000;
/** A name server that has not answered for this long does not keep us from asking the next. */
const SILENT_MS = 200;

/** The addresses in a text like `10.0.0.1:9876;10.0.0.2:9876`. @throws {Error} when one cannot be. */
export function nameServersIn(text: string): string[] {
  const addresses = text.split(/[;,]/).map((part) => part.trim()).filter((part) => part !== "");
  if (addresses.length === 0) throw new Error("no name server given, it must be host:port");
  for (const address of addresses) {
    if (parseAddress(address) === undefined || address.includes("/")) {
      throw new Error(`name server "${address}" must be host:port`);
    }
  }
  return addresses;
}

/** What name servers are asked through. */
export interface NameServerLines {
  readonly redial: Pick<Redial, "call" | "connected" | "rests" | "rested">;
  readonly clock: Clock;
}

/** How asking one of them ended. */
interface Ended {
  readonly index: number;
  readonly answer?: Command;
  readonly reason?: string;
}

/**
 * Several name servers that each know everything. One is asked as long as it answers, then the next that
 * does: changing without need would show two views of a cluster that is just changing. One whose connection
 * ended may have restarted with an empty table, so the next comes first then.
 */
export class NameServers {
  readonly #addresses: readonly string[];
  readonly #redial: NameServerLines["redial"];
  readonly #clock: Clock;
  #current = 0;
  #answered = false;
  /** Those that have not answered what they were asked last. */
  readonly #silent = new Set<number>();

  constructor(addresses: readonly string[], { redial, clock }: NameServerLines) {
    this.#addresses = addresses;
    this.#redial = redial;
    this.#clock = clock;
  }

  /** The one that answered last. */
  get current(): string {
    return this.#addresses[this.#current];
  }

  /**
   * Asks one after the other until one answers as `wanted`; the next is asked at once where one fails, and
   * soon where it is silent. Where none answers so, what the first of them said counts. Where none answers and
   * some were not even dialled, because that had failed a moment before, they are asked once more.
   *
   * @throws {CallError} kind "unreachable" when none of them answers.
   */
  async ask(
    request: Request,
    wanted: (answer: Command) => boolean = () => true,
  ): Promise<Command> {
    const resting = this.#addresses.filter((address) => this.#redial.rests(address));
    try {
      return await this.#askAll(request, wanted);
    } catch (error) {
      if (resting.length === 0) throw error;
      await Promise.all(resting.map((address) => this.#redial.rested(address)));
      return await this.#askAll(request, wanted);
    }
  }

  async #askAll(request: Request, wanted: (answer: Command) => boolean): Promise<Command> {
    const left = this.#inOrder();
    const asked = new Map<number, Promise<Ended>>();
    const reasons: string[] = [];
    let other: Command | undefined;
    while (left.length > 0 || asked.size > 0) {
      const next = left.shift();
      if (next !== undefined) asked.set(next, this.#ask(next, request));
      const patient = left.length === 0 && other === undefined;
      const ended = await this.#firstOf(asked, patient ? undefined : SILENT_MS);
      if (ended === undefined) {
        if (left.length === 0) break;
        continue;
      }
      const { index, answer, reason } = ended;
      asked.delete(index);
      if (answer !== undefined && wanted(answer)) {
        this.#current = index;
        this.#answered = true;
        return answer;
      }
      other ??= answer;
      if (reason !== undefined) reasons.push(reason);
    }
    if (other !== undefined) return other;
    throw new CallError("unreachable", `no name server answers: ${reasons.join("; ")}`);
  }

  #inOrder(): number[] {
    const lost = this.#answered && !this.#redial.connected(this.current);
    const first = this.#current + (lost ? 1 : 0);
    return this.#addresses.map((_, i) => (first + i) % this.#addresses.length);
  }

  async #ask(index: number, request: Request): Promise<Ended> {
    try {
      const answer = await this.#redial.call(this.#addresses[index], request, ANSWER_MS);
      this.#silent.delete(index);
      return { index, answer };
    } catch (error) {
      this.#silent.add(index);
      return { index, reason: reasonOf(error) };
    }
  }

  /** The first of them to end; undefined when none did in time, or when all that are left were silent before. */
  async #firstOf(
    asked: ReadonlyMap<number, Promise<Ended>>,
    ms: number | undefined,
  ): Promise<Ended | undefined> {
    if (ms === undefined) return await Promise.race(asked.values());
    const known = [...asked.keys()].every((index) => this.#silent.has(index));
    const enough = new AbortController();
    const late = sleep(this.#clock, known ? 0 : ms, enough.signal).then(() => undefined);
    const ended = await Promise.race([...asked.values(), late]);
    enough.abort();
    if (ended === undefined) { for (const index of asked.keys()) this.#silent.add(index); }
    return ended;
  }
}
