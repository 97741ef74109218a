import type { Log } from "../base/log.ts";
import type { Clock } from "../ports/host.ts";
import type { Listener } from "../ports/net.ts";
import { addressText } from "../wire/host_address.ts";
import { Peer, type Served } from "./peer.ts";

/** A connection on which nothing came or went this long is closed. Source: NettyServerConfig. */
export const IDLE_MS = 120_000;
const SWEEP_MS = 10_000;
/** A server keeps its file handles for its files too. */
const CONNECTIONS_MAX = 10_000;
/** How long answers that are under way may take to leave when the server stops. */
const DRAIN_MS = 1_000;

export interface ServeContext {
  readonly clock: Clock;
  readonly log: Log;
  /** Connections open at a time. */
  readonly connectionsMax?: number;
}

/**
 * Serves every connection of a listener until `signal` aborts; resolves when the last of them is gone.
 * The listener is closed then.
 */
export async function serve(
  listener: Listener,
  served: Served,
  { clock, log, connectionsMax = CONNECTIONS_MAX }: ServeContext,
  signal: AbortSignal,
): Promise<void> {
  const peers = new Set<Peer>();
  const stop = () => listener.close();
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  let cancelSweep = () => {};
  const sweep = () => {
    const oldest = clock.monotonic() - IDLE_MS;
    for (const peer of peers) if (peer.lastActive < oldest) peer.close();
    cancelSweep = clock.after(SWEEP_MS, sweep);
  };
  cancelSweep = clock.after(SWEEP_MS, sweep);
  try {
    for await (const conn of listener.connections) {
      if (peers.size >= connectionsMax) {
        log.warn("refusing a connection: too many are open", {
          remote: addressText(conn.remote),
          most: connectionsMax,
        });
        conn.close();
        continue;
      }
      const peer = new Peer(conn, served, { clock, log });
      peers.add(peer);
      peer.gone.then(() => peers.delete(peer));
    }
  } finally {
    signal.removeEventListener("abort", stop);
    listener.close();
    cancelSweep();
    await Promise.all([...peers].map((peer) => endOf(peer, clock)));
  }
}

/** Lets a peer's answers leave, for a bounded time, then closes it. */
async function endOf(peer: Peer, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(DRAIN_MS, resolve);
    peer.drained().then(() => (cancel(), resolve()));
  });
  peer.close();
  await peer.gone;
}
