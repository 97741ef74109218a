import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { prepareJava, startPeer } from "../interop/java.ts";
import { freePorts } from "../support/free_ports.ts";
import type { Via } from "../support/binary.ts";
import { startBrokerNode } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import type { Measurable } from "./ha_load.ts";

/** Nobody answers there: these brokers need no name server. */
const NAMESRV = "127.0.0.1:1";
const ASK_EVERY_MS = 5;
const START_MS_MAX = 120_000;

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
    const began = performance.now();
    const node = await startBrokerNode("measured", [role, ...flags], dir, via);
    const startMs = performance.now() - began;
    const { broker, ha } = node;
    return measurable({ pid: node.process.pid, broker, ha, startMs }, async () => {
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
    await prepareJava();
    const startMs = untilAccepted(listenPort);
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
    const [broker, ha] = [at(listenPort), at(listenPort + 1)];
    return measurable({ pid: peer.pid, broker, ha, startMs: await startMs }, async () => {
      await peer.end("SIGKILL");
      while (existsSync(folder.path)) rmSync(folder.path, { recursive: true, force: true });
    });
  };
}

/** How long it takes until somebody listens there: what a client notices of a start. */
async function untilAccepted(port: number): Promise<number> {
  const began = performance.now();
  const within = { timeoutMs: START_MS_MAX };
  while (performance.now() - began < START_MS_MAX) {
    try {
      using _ = await runtime.net.dial({ host: "127.0.0.1", port }, within);
      return performance.now() - began;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }
  throw new Error(`nobody listens on ${port} after ${START_MS_MAX} ms`);
}

function measurable(
  known: Pick<Measurable, "pid" | "broker" | "ha" | "startMs">,
  stop: () => Promise<void>,
): Measurable {
  const calls = new Redial(runtime, silentLog);
  return {
    ...known,
    async behind() {
      const { host, port } = known.broker;
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
