import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { utf8 } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import type { Runtime } from "../../src/ports/host.ts";
import { STORE_DEFAULTS } from "../../src/store/options.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { hostBytes } from "../../src/wire/host_address.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

const BATCH = 32;
const QUEUES_A_TOPIC = 10;
const HOST = hostBytes({ host: "127.0.0.1", port: 10911 });

/** What a store is filled with: messages of 1 KiB, in turn to each queue. */
export interface Filling {
  readonly messages: number;
  readonly queues: number;
}

/** A store of ours as a process leaves it that was killed, and as one that was stopped. */
export class FullStore implements Disposable {
  readonly #runtime: Runtime;
  readonly #folder: TempDir;

  private constructor(runtime: Runtime, folder: TempDir) {
    this.#runtime = runtime;
    this.#folder = folder;
  }

  static async make(runtime: Runtime, filling: Filling): Promise<FullStore> {
    const folder = tempDir();
    const dir = join(folder.path, "stopped");
    const store = await openStore(runtime, runtime.fs.dir(dir), STORE_DEFAULTS, silentLog);
    await fill(store, filling);
    copy(dir, join(folder.path, "killed"));
    await store.close();
    return new FullStore(runtime, folder);
  }

  /** Gives a broker a store of its own: in the page cache, not in any process, and its log not dirty. */
  async copyTo(path: string, end: "stopped" | "killed"): Promise<void> {
    copy(join(this.#folder.path, end), path);
    const log = this.#runtime.fs.dir(join(path, "commitlog"));
    for (const { name } of log.entries()) {
      using file = log.open(name, "read");
      await file.sync();
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

async function fill(store: Store, { messages, queues }: Filling): Promise<void> {
  for (let i = 0; i < messages; i++) {
    const topic = `Filled${Math.floor(i % queues / QUEUES_A_TOPIC)}`;
    store.append({
      topic,
      topicBytes: utf8(topic),
      queueId: i % QUEUES_A_TOPIC,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      bornHost: HOST,
      storeHost: HOST,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      properties: `UNIQ_KEY\x017F00000000000000000000${String(i).padStart(10, "0")}\x02TAGS\x01A`,
      body: new Uint8Array(1024).fill(65),
    });
    if (i % BATCH === BATCH - 1) store.commit();
    if (i % 4096 === 0) await new Promise((resolve) => setTimeout(resolve, 0)); // dispatch keeps up
  }
  store.commit();
  await store.dispatch.reached(store.log.tail);
}

/** Files stay sparse: a queue's has 6 MB on any disk and a page or two of them written. */
function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync("cp", ["-a", "--sparse=auto", `${from}/.`, to]);
}
