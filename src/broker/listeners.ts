import { type Listener, type Net, NetError } from "../ports/net.ts";

/** The fast port lies this far below the broker's. Source: MixAll.brokerVIPChannel. */
export const FAST_PORT_BELOW = 2;
const TRIES = 100;

/** The open ports of one broker. */
export interface Listeners extends Disposable {
  readonly broker: Listener;
  /** The same requests but pulls; Java slaves fetch topics there. */
  readonly fast: Listener;
  readonly ha: Listener;
}

/**
 * Opens a broker's three ports: `listenPort`, two below it, and `haListenPort`. With `listenPort` 0 it
 * finds a free one whose neighbours are free too; `haListenPort` 0 is the port above.
 *
 * @throws {NetError} code "in-use" when a given port is taken; its message names the port.
 */
export async function openListeners(
  net: Net,
  { bindAddress, listenPort, haListenPort }: {
    bindAddress: string;
    listenPort: number;
    haListenPort: number;
  },
): Promise<Listeners> {
  if (listenPort !== 0) return await openAt(net, bindAddress, listenPort, haListenPort);
  for (let tries = 1;; tries++) {
    const probe = await net.listen({ host: bindAddress, port: 0 });
    const { port } = probe.address;
    probe.close();
    try {
      return await openAt(net, bindAddress, port, haListenPort);
    } catch (error) {
      const taken = error instanceof NetError && error.code === "in-use";
      if (!taken || tries === TRIES) throw error;
    }
  }
}

async function openAt(net: Net, host: string, port: number, haPort: number): Promise<Listeners> {
  const open: Listener[] = [];
  const close = () => open.forEach((listener) => listener.close());
  try {
    for (const each of [port, port - FAST_PORT_BELOW, haPort || port + 1]) {
      open.push(await net.listen({ host, port: each }));
    }
  } catch (error) {
    close();
    throw error;
  }
  const [broker, fast, ha] = open;
  return { broker, fast, ha, [Symbol.dispose]: close };
}
