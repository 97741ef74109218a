import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { startPeer } from "../interop/java.ts";
import { freePorts } from "../interop/trio.ts";
import type { Via } from "../support/binary.ts";
import { startBrokerNode } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import type { Measurable } from "./ha_load.ts";

/** Nobody answers there: these brokers need no name server. */
const NAMESRV = "127.0.0.1:1";

/** How a broker is started: its configuration, and what fills its store before it opens. */
export interface BrokerStart {
  readonly config: Readonly<Record<string, string>>;
  readonly fill?: (dir: string) => Promise<void>;
}

/** Starts a broker of ours or of the peer's with a store of its own, which goes with it. */
export type Starter = (start: BrokerStart) => Promise<Measurable>;

/** Ours, as the executable or by a runtime. */
export function ownBroker(via: Via): Starter {
  return async ({ config, fill }) => {
    const folder = tempDir();
    const dir = join(folder.path, "store");
    await fill?.(dir);
    const all = { ...config, listenPort: "0", brokerIP1: "127.0.0.1", namesrvAddr: NAMESRV };
    const flags = Object.entries({ ...all, storePathRootDir: dir }).flatMap(([key, value]) => [
      `--${key}`,
      value,
    ]);
    const role = config.brokerRole === "SLAVE" ? "--slave" : "--master";
    const node = await startBrokerNode("measured", [role, ...flags], dir, via);
    return measurable(node.process.pid, node.broker, node.ha, async () => {
      await node.process[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });
  };
}

/** The Java peer, with the heap it is measured with. */
export function javaBroker(): Starter {
  return async ({ config, fill }) => {
    const folder = tempDir();
    const dir = join(folder.path, "store");
    await fill?.(dir);
    const listenPort = await freePorts();
    const peer = await startPeer("broker", folder.path, {
      ...config,
      listenPort,
      brokerIP1: "127.0.0.1",
      brokerIP2: "127.0.0.1",
      namesrvAddr: NAMESRV,
      storePathRootDir: dir,
      storePathCommitLog: join(dir, "commitlog"),
    }, { measured: true });
    const at = (port: number) => ({ host: "127.0.0.1", port });
    return measurable(peer.pid, at(listenPort), at(listenPort + 1), async () => {
      await peer.end("SIGKILL");
      while (existsSync(folder.path)) rmSync(folder.path, { recursive: true, force: true });
    });
  };
}

function measurable(
  pid: number,
  broker: Address,
  ha: Address,
  stop: () => Promise<void>,
): Measurable {
  const calls = new Redial(runtime, silentLog);
  return {
    pid,
    ha,
    async behind() {
      const { host, port } = broker;
      const request = { code: RequestCode.GET_BROKER_RUNTIME_INFO };
      const { body } = await calls.call(`${host}:${port}`, request, 5000);
      const { table } = JSON.parse(new TextDecoder().decode(body));
      return { bytes: Number(table.dispatchBehindBytes), end: Number(table.commitLogMaxOffset) };
    },
    async stop() {
      calls.close();
      await stop();
    },
  };
}
