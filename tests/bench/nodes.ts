import { join } from "node:path";
import type { Address } from "../../src/ports/net.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import type { Via } from "../support/binary.ts";
import { type Cluster, startBrokerNode, startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { tempDir } from "../support/temp.ts";
import { haIntake, type HaResult } from "./ha_load.ts";

const FILE_BYTES = 1024 * 1024 * 1024;

/** Our own name server, SYNC_MASTER and slave, each a process. */
export class OwnNodes implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #via: Via;

  private constructor(cluster: Cluster, via: Via) {
    this.#cluster = cluster;
    this.#via = via;
  }

  static async start(via: Via): Promise<OwnNodes> {
    return new OwnNodes(await startCluster({ slaves: 1, via }), via);
  }

  get broker(): Address {
    return this.#cluster.master.broker;
  }

  get ha(): Address {
    return this.#cluster.master.ha;
  }

  /** Where a broker's commit log ends, by its own word. */
  async logEndOf(broker: Address): Promise<number> {
    const answer = await this.#cluster.ask(broker, { code: RequestCode.GET_BROKER_RUNTIME_INFO });
    const { table } = JSON.parse(new TextDecoder().decode(answer.body));
    return Number(table.commitLogMaxOffset);
  }

  /** Feeds the master's log to a fresh slave of ours and times it to its last report. */
  async intake(): Promise<HaResult> {
    const bytes = Math.min(FILE_BYTES, await this.logEndOf(this.broker));
    using folder = tempDir();
    const log = runtime.fs.dir(join(this.#cluster.master.dir, "commitlog"));
    let listening = (_: Address): void => {};
    const address = new Promise<Address>((resolve) => listening = resolve);
    const at = { host: "127.0.0.1", port: 0 };
    const result = haIntake(runtime.net, { at, dir: log, fileBytes: FILE_BYTES, bytes }, listening);
    const { host, port } = await address;
    const flags = [
      "--slave",
      "--brokerId",
      "9",
      "--brokerName",
      "intake",
      "--brokerIP1",
      "127.0.0.1",
      "--listenPort",
      "0",
      "--namesrvAddr",
      `127.0.0.1:${this.#cluster.namesrv.port}`,
      "--haMasterAddress",
      `${host}:${port}`,
      "--haProof",
      "stream",
      "--storePathRootDir",
      join(folder.path, "intake"),
    ];
    const slave = await startBrokerNode("intake", flags, join(folder.path, "intake"), this.#via);
    try {
      return await result;
    } finally {
      await slave.process[Symbol.asyncDispose]();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cluster[Symbol.asyncDispose]();
  }
}
