import type { Calls } from "../../admin/ha.ts";
import type { Lines } from "../../admin/lines.ts";
import { reasonOf } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";
import type { Net } from "../../ports/net.ts";
import { CallError } from "../../rpc/peer.ts";
import { parseAddress } from "../../wire/host_address.ts";
import type { PortFacts, Silence } from "./facts.ts";

/** A node that takes longer is as good as gone: clients give up after as long. */
const ANSWER_MS = 3_000;
const DIAL_MS = 2_000;

/** How nodes are asked. */
export interface Asking {
  readonly calls: Calls;
  readonly net: Net;
  readonly clock: Clock;
}

/** Calls that wait for no more than a client would. */
export function impatient(calls: Calls): Calls {
  return {
    call: (address, request, ms) => calls.call(address, request, Math.min(ms, ANSWER_MS)),
  };
}

/** One name server as if it were all. */
export function onlyServer({ calls }: Asking, address: string): Pick<Lines, "servers"> {
  return { servers: { ask: (request) => calls.call(address, request, ANSWER_MS) } };
}

/** Why a node could not be asked. */
export function silenceOf(error: unknown): Silence {
  const reason = reasonOf(error);
  if (!(error instanceof CallError)) return { kind: "foreign", reason };
  if (error.kind === "timeout") return { kind: "mute", reason };
  return { kind: error.kind === "closed" ? "foreign" : "refused", reason };
}

/** What `asked` gives, or undefined: a look that fails hides no other. */
export async function ifTold<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch {
    return undefined;
  }
}

/** Whether somebody listens there. */
export async function portAt({ net }: Asking, address: string): Promise<PortFacts | undefined> {
  const to = parseAddress(address);
  if (to === undefined) return undefined;
  try {
    (await net.dial(to, { timeoutMs: DIAL_MS })).close();
    return { address, isOpen: true };
  } catch {
    return { address, isOpen: false };
  }
}

/** The host of an address, as it stands in it. */
export function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(":"));
}

/** The port of an address. */
export function portIn(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
