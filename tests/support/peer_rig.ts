import { CallError, type Handler, Peer, type Served } from "../../src/rpc/peer.ts";
import { VirtualClock } from "./clock.ts";
import { FarEnd } from "./far_end.ts";
import { Lines } from "./store.ts";

/** A peer with these handlers, and the test at the other end of its connection. */
export function peerRig(
  handlers: Record<number, Handler> = {},
  hooks: Partial<Served> = {},
): { clock: VirtualClock; log: Lines; far: FarEnd; peer: Peer } {
  const clock = new VirtualClock();
  const log = new Lines();
  const far = new FarEnd();
  const table = new Map(Object.entries(handlers).map(([code, handler]) => [+code, handler]));
  const peer = new Peer(far.conn, { handlers: table, ...hooks }, { clock, log });
  return { clock, log, far, peer };
}

/** How a call ended, as text; reading it does not wait. */
export function outcomeOf(call: Promise<unknown>): { now: string } {
  const outcome = { now: "waiting" };
  call.then(
    () => outcome.now = "answered",
    (error) => outcome.now = error instanceof CallError ? error.kind : String(error),
  );
  return outcome;
}
