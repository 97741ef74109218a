import { type Log, reasonOf } from "../base/log.ts";
import { together } from "../base/together.ts";
import type { Runtime } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Peer } from "../rpc/peer.ts";
import { serve } from "../rpc/serve.ts";
import { NamesrvConfig } from "./config.ts";
import { forgetSilent } from "./expiry.ts";
import { namesrvHandlers } from "./handlers.ts";
import { KvConfig } from "./kv.ts";
import { RouteTable } from "./routes.ts";

/** What a name server is told at its start. */
export interface NamesrvOptions {
  /** Local address that it listens on. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where kvConfig.json lies; without it, settings made by admin tools end with the process. */
  readonly dataDir?: string;
}

/** A name server that runs. */
export interface Namesrv extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly address: Address;
  /** Resolves when it serves no more: after `close`, or by itself, and then the log says why. */
  readonly stopped: Promise<void>;
  /** Stops accepting, lets answers leave, ends all connections. */
  close(): Promise<void>;
}

/**
 * Starts a name server. It keeps what brokers register in memory only: after a restart each broker's next
 * registration fills it again.
 *
 * @throws {NetError} with code "in-use" when the port is taken.
 * @throws {CorruptLogError} when the settings cannot be read.
 */
export async function startNamesrv(
  runtime: Pick<Runtime, "net" | "fs" | "clock" | "codecs">,
  { host, port, dataDir }: NamesrvOptions,
  log: Log,
): Promise<Namesrv> {
  const { net, fs, clock, codecs } = runtime;
  const routes = new RouteTable<Peer>();
  const kv = new KvConfig(dataDir === undefined ? undefined : fs.dir(dataDir), { clock, log });
  const listener = await net.listen({ host, port });
  const config = new NamesrvConfig(listener.address, kv.path);
  const served = {
    handlers: namesrvHandlers({ routes, kv, config, clock, codecs, log }),
    closed: (peer: Peer) => {
      const gone = routes.connectionClosed(peer);
      if (gone.length > 0) log.warn("forgot a broker whose connection ended", { brokers: gone });
    },
  };
  const stop = new AbortController();
  const running = together(stop.signal, (until) => [
    serve(listener, served, { clock, log }, until),
    forgetSilent(routes, { clock, log }, (peer) => peer.close(), until),
  ]).catch((error) => log.error("the name server stopped", { reason: reasonOf(error) }));
  const close = async () => {
    stop.abort();
    await running;
    await kv.close();
  };
  return { address: listener.address, stopped: running, close, [Symbol.asyncDispose]: close };
}
