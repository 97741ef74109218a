import { silentLog } from "../../src/base/log.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { Runtime } from "../../src/ports/host.ts";
import { STORE_DEFAULTS } from "../../src/store/options.ts";
import { type NewMessage, openStore } from "../../src/store/store.ts";
import { hostBytes } from "../../src/wire/host_address.ts";
import { tempDir } from "../support/temp.ts";
import type { Measured } from "./rows.ts";

const MESSAGES = 400_000;
const BATCH = 8;

/** Appends to a store of this process, as a read of eight sends does. */
export async function measureAppend(runtime: Runtime): Promise<Measured> {
  using folder = tempDir();
  const dir = runtime.fs.dir(folder.path);
  const store = await openStore(runtime, dir, STORE_DEFAULTS, silentLog);
  const host = hostBytes({ host: "127.0.0.1", port: 10911 });
  const message: NewMessage = {
    topic: "Append",
    topicBytes: utf8("Append"),
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    properties: "TAGS\x01A\x02UNIQ_KEY\x017F0000000000000000000000000000",
    body: new Uint8Array(1024),
  };
  const run = (count: number) => {
    for (let i = 0; i < count; i += BATCH) {
      for (let j = 0; j < BATCH; j++) store.append(message);
      store.commit();
    }
  };
  run(MESSAGES / 10);
  const started = performance.now();
  run(MESSAGES);
  const seconds = (performance.now() - started) / 1000;
  await store.close();
  return { rate: MESSAGES / seconds, unit: "msg/s" };
}
