import { reasonOf } from "../base/log.ts";
import { CallError } from "../rpc/peer.ts";
import { parseAddress } from "../wire/host_address.ts";
import type { Redial } from "../rpc/redial.ts";
import type { Command, Request } from "../wire/command.ts";

const ANSWER_MS = 3_000;

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

/**
 * Several name servers that each know everything. One is asked as long as it answers, then the next that
 * does: changing without need would show two views of a cluster that is just changing.
 */
export class NameServers {
  readonly #addresses: readonly string[];
  readonly #redial: Pick<Redial, "call">;
  #current = 0;

  constructor(addresses: readonly string[], redial: Pick<Redial, "call">) {
    this.#addresses = addresses;
    this.#redial = redial;
  }

  /** The one that answered last. */
  get current(): string {
    return this.#addresses[this.#current];
  }

  /** @throws {CallError} kind "unreachable" when none of them answers. */
  async ask(request: Request): Promise<Command> {
    const reasons: string[] = [];
    const first = this.#current;
    for (let i = 0; i < this.#addresses.length; i++) {
      const index = (first + i) % this.#addresses.length;
      try {
        const answer = await this.#redial.call(this.#addresses[index], request, ANSWER_MS);
        this.#current = index;
        return answer;
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    throw new CallError("unreachable", `no name server answers: ${reasons.join("; ")}`);
  }
}
