import { assertEquals, assertRejects } from "@std/assert";
import { StoreRefusal } from "../../../../src/store/errors.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Lines, openIn, textsOf } from "../../../support/store.ts";
import { crashed, storedIn } from "../../../support/stored.ts";

const FOREIGN = [
  "batchconsumequeue/T/0/00000000000000000000",
  "compactionLog/T/0/00000000000000000000",
  "config/timercheck",
  "config/timermetrics",
  "consumequeue_ext/T/0/00000000000000000000",
  "consumequeue_rocksdb/CURRENT",
  "timerlog/00000000000000000000",
  "timerwheel",
];

test("what other brokers keep beside the log is said once and left alone", async () => {
  const fs = new MemFs();
  await storedIn(fs, 3);
  for (const path of FOREIGN) fs.put(`store/${path}`, new Uint8Array([1, 2, 3]));
  const lines = new Lines();
  {
    await using store = await openIn(crashed(fs), {}, lines);
    assertEquals(textsOf(store, "T1", 0), ["0", "1", "2"]);
  }
  const said = lines.lines.map((line) => /^warn left alone, .*"path":"([^"]+)"/.exec(line)?.[1]);
  assertEquals(
    said.sort(),
    FOREIGN.map((path) => {
      const [first, second] = path.split("/");
      return first === "config" ? `/store/${first}/${second}` : `/store/${first}`;
    }).sort(),
  );
  for (const path of FOREIGN) {
    assertEquals(fs.bytes(`store/${path}`), new Uint8Array([1, 2, 3]), path);
  }
});

test("a database in the folder of the queues stays, also when the log is gone", async () => {
  const fs = new MemFs();
  await storedIn(fs, 3);
  fs.put("store/consumequeue/000007.sst", new Uint8Array([1]));
  fs.dir("store").remove("commitlog");
  await (await openIn(fs)).close();
  assertEquals(fs.paths("store/consumequeue"), ["store/consumequeue/000007.sst"]);
});

test("a store whose log is a DLedger group's is refused, and beside a log of its own that is left alone", async () => {
  const fs = new MemFs();
  await storedIn(fs, 3);
  fs.put("store/dledger-n0/data/00000000000000000000", new Uint8Array([1]));
  await (await openIn(fs)).close();
  fs.dir("store").remove("commitlog");
  const before = fs.paths("store");
  await assertRejects(() => openIn(fs), StoreRefusal, "its messages are in dledger-n0");
  assertEquals(fs.paths("store"), before);
});
