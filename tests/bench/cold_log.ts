import { cpSync } from "node:fs";
import { join } from "node:path";
import { utf8, viewOf } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { TRANSFER_HEADER_BYTES, writeTransferHeader } from "../../src/ha/frames.ts";
import type { Runtime } from "../../src/ports/host.ts";
import { STORE_DEFAULTS } from "../../src/store/options.ts";
import { openStore } from "../../src/store/store.ts";
import { hostBytes } from "../../src/wire/host_address.ts";
import { type TempDir, tempDir } from "../support/temp.ts";

/** As every master sends it. Source: MessageStoreConfig.haTransferBatchSize. */
const BODY_BYTES = 32 * 1024;
const QUEUES = 4;
const BATCH = 32;

/** A log of 1 KiB messages in one file of 1 GiB, made by a store of ours and closed. */
export class ColdLog implements Disposable {
  /** Log bytes. */
  readonly bytes: number;
  readonly #runtime: Runtime;
  readonly #folder: TempDir;
  #frames: Uint8Array | undefined;

  private constructor(runtime: Runtime, folder: TempDir, bytes: number) {
    this.#runtime = runtime;
    this.#folder = folder;
    this.bytes = bytes;
  }

  static async make(runtime: Runtime, bytes: number): Promise<ColdLog> {
    const folder = tempDir();
    const store = await openStore(
      runtime,
      runtime.fs.dir(folder.path),
      STORE_DEFAULTS,
      silentLog,
    );
    const host = hostBytes({ host: "127.0.0.1", port: 10911 });
    const message = {
      topic: "Fed",
      topicBytes: utf8("Fed"),
      flag: 0,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      properties: "UNIQ_KEY\x017F00000000000000000000000000000\x02TAGS\x01A\x02WAIT\x01true",
      body: new Uint8Array(1024).fill(65),
    };
    while (store.log.tail < bytes) {
      for (let i = 0; i < BATCH; i++) store.append({ ...message, queueId: i % QUEUES });
      store.commit();
    }
    const end = store.log.tail;
    await store.close();
    return new ColdLog(runtime, folder, end);
  }

  /** Gives a broker a store of its own with this log: in the page cache, not in any process, and not dirty. */
  async copyTo(path: string): Promise<void> {
    cpSync(this.#folder.path, path, { recursive: true });
    using file = this.#runtime.fs.dir(join(path, "commitlog")).open(nameAt(0), "read");
    await file.sync();
    file.readAt(0, new Uint8Array(this.bytes));
  }

  /** The log as it goes to a slave: headers and bodies, back to back. */
  get frames(): Uint8Array {
    return this.#frames ??= this.#framed();
  }

  /** Place in `frames` behind the frame that ends at `logOffset`, which is a multiple of 32 KiB or the end. */
  frameEnd(logOffset: number): number {
    if (logOffset >= this.bytes) return this.frames.length;
    return logOffset / BODY_BYTES * (TRANSFER_HEADER_BYTES + BODY_BYTES);
  }

  #framed(): Uint8Array {
    const { bytes } = this;
    using file = this.#runtime.fs.dir(join(this.#folder.path, "commitlog")).open(nameAt(0), "read");
    const frames = new Uint8Array(bytes + Math.ceil(bytes / BODY_BYTES) * TRANSFER_HEADER_BYTES);
    const view = viewOf(frames);
    for (let logOffset = 0, at = 0; logOffset < bytes;) {
      const size = Math.min(BODY_BYTES, bytes - logOffset);
      writeTransferHeader(view, at, logOffset, size);
      at += TRANSFER_HEADER_BYTES;
      file.readAt(logOffset, frames.subarray(at, at + size));
      at += size;
      logOffset += size;
    }
    return frames;
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function nameAt(offset: number): string {
  return String(offset).padStart(20, "0");
}
