import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { silentLog } from "../../../../src/base/log.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import {
  NO_CHECKPOINT,
  readCheckpoint,
  writeCheckpoint,
} from "../../../../src/store/checkpoint.ts";
import { DamageBelow } from "../../../../src/store/opening/damage.ts";
import { StoreRefusal } from "../../../../src/store/errors.ts";
import { rebuildStore, type Rebuilt } from "../../../../src/store/inspect/rebuild.ts";
import { StoredStore } from "../../../../src/store/inspect/stored.ts";
import { type Verdict, verifyStore } from "../../../../src/store/inspect/verify.ts";
import { test } from "../../../harness.ts";
import { goldenStore } from "../../../support/golden_store.ts";
import type { MemFs, Operation } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { Random } from "../../../support/seeds.ts";
import { openIn, textsOf } from "../../../support/store.ts";
import { JavaIndex } from "../index/java_index.ts";

const LOG = "store/commitlog/00000000000000000000";
/** As the golden stores were made. */
const INDEX = { indexSlots: 500, indexItems: 400 };

function rebuild(fs: MemFs): Promise<Rebuilt> {
  const root = fs.dir("store");
  const place = { root, logDirs: [root.child("commitlog")] };
  return rebuildStore(runtime, place, {}, silentLog);
}

function verdictOf(fs: MemFs): Verdict {
  const root = fs.dir("store");
  using store = new StoredStore({ root, logDirs: [root.child("commitlog")] });
  return verifyStore(store, runtime.codecs, { keep: 10 });
}

/** Content of all files below a folder. */
function filesBelow(fs: MemFs, folder: string): Map<string, Uint8Array> {
  return new Map(fs.paths(folder).map((path) => [path, fs.bytes(path).slice()]));
}

/** A store whose oldest log file was deleted: many queues have no message left, AdminT's among them. */
async function shortened(): Promise<MemFs> {
  const fs = goldenStore("slave-clean");
  fs.dir("store/commitlog").remove("00000000000000000000");
  await fs.dir("store/commitlog").sync(); // or a power cut brings it back
  return fs;
}

test("rebuildStore() makes a Java broker's queues again, byte for byte", async () => {
  const fs = goldenStore("slave-clean");
  const wanted = filesBelow(fs, "store/consumequeue");
  fs.dir("store/consumequeue").remove("AdminT");
  for (const path of fs.paths("store/consumequeue")) fs.bytes(path).fill(9);
  const rebuilt = await rebuild(fs);
  assertEquals([rebuilt.records, rebuilt.queues, rebuilt.entries, rebuilt.logEnd], [
    356,
    60,
    356,
    74549,
  ]);
  assertEquals(filesBelow(fs, "store/consumequeue"), wanted);
});

test("rebuildStore() makes a Java broker's index again, but for times and names of its files", async () => {
  const fs = goldenStore("slave-clean");
  const wanted = fs.paths("store/index").map((path) => fs.bytes(path).slice());
  const { indexFiles, keys } = await rebuild(fs);
  assertEquals([indexFiles, keys], [2, 510]);
  assertEquals(fs.paths("store/index").map((path) => fs.bytes(path)), wanted);
  assertEquals(verdictOf(fs).findings.kept, []);
});

test("rebuildStore() mends an index whose file is no index, and leaves nothing else behind", async () => {
  const fs = goldenStore("master-clean");
  assertEquals(verdictOf(fs).findings.problems, 1);
  await rebuild(fs);
  assertEquals(verdictOf(fs).findings.kept, []);
  const names = fs.dir("store").entries().map(({ name }) => name);
  assertEquals(names, ["checkpoint", "commitlog", "consumequeue", "index", "lock"]);
});

test("rebuildStore() leaves a store that was not closed one that was not closed", async () => {
  const fs = goldenStore("master-killed");
  const before = readCheckpoint(fs.dir("store"));
  await rebuild(fs);
  assertEquals(fs.dir("store").stat("abort") !== undefined, true);
  const { physicMs, logicsMs, indexMs } = readCheckpoint(fs.dir("store"));
  assertEquals([physicMs, logicsMs], [before.physicMs, before.logicsMs]);
  assertGreaterOrEqual(indexMs, before.logicsMs, "all of the index is safe");
  assertEquals(verdictOf(fs).findings.kept, []);
});

test("rebuildStore() makes an index that a Java broker keeps, also of a killed one's store", async () => {
  const fs = goldenStore("master-killed");
  const dir = fs.dir("store");
  const later = readCheckpoint(dir).physicMs + 86_400_000; // of the log, it reads the last file again
  await writeCheckpoint(dir, { physicMs: later, logicsMs: later, indexMs: 0 });
  await rebuild(fs);
  assertEquals(new JavaIndex(fs, { slots: 500, items: 400 }, 65_536).missing(), []);
});

test("rebuildStore() keeps the next number of a queue whose messages are gone", async () => {
  const fs = await shortened();
  const { queues, keptQueues, entries } = await rebuild(fs);
  assertEquals([queues + keptQueues, entries], [60, 39]);
  await using store = await openIn(fs, INDEX);
  assertEquals(store.nextQueueOffset("AdminT", 0), 3);
  assertEquals(store.nextQueueOffset("AdminT", 1), 2);
});

test("rebuildStore() keeps the light queues of a Java broker, which point into other topics", async () => {
  const fs = goldenStore("slave-clean");
  const light = fs.bytes("store/consumequeue/AdminT/0/00000000000000000000").slice();
  const path = "store/consumequeue/%LMQ%one/0/00000000000000000000";
  fs.put(path, light);
  assertEquals((await rebuild(fs)).lightQueues, 1);
  assertEquals(fs.bytes(path), light);
});

test("rebuildStore() refuses a store that a broker has, and a log that is damaged, and changes nothing", async () => {
  const fs = goldenStore("slave-clean");
  const store = await openIn(fs, INDEX);
  const error = await assertRejects(() => rebuild(fs), StoreRefusal);
  assertStringIncludes(error.message, "a broker holds its lock file");
  await store.close();
  fs.bytes(LOG)[88] ^= 1;
  const before = filesBelow(fs, "store");
  const damage = await assertRejects(() => rebuild(fs), DamageBelow);
  assertStringIncludes(damage.message, "at byte 0: the body's CRC differs");
  assertEquals(filesBelow(fs, "store"), before);
});

test("rebuildStore() refuses a log alone", async () => {
  const logDirs = [goldenStore("slave-clean").dir("store/commitlog")];
  const place = { root: undefined, logDirs };
  await assertRejects(() => rebuildStore(runtime, place, {}, silentLog), StoreRefusal);
});

/** While a swap is under way, a broker that knows nothing of it must read the whole log again. */
function mustAskForRecovery(fs: MemFs): void {
  const dir = fs.dir("store");
  if (!dir.stat("rebuilt")) return;
  assert(dir.stat("abort"), "abort");
  assertEquals(readCheckpoint(dir), NO_CHECKPOINT);
}

/** What an opened store must have, whatever became of a rebuild. */
async function mustBeWhole(fs: MemFs, what: string): Promise<void> {
  {
    await using store = await openIn(fs, INDEX);
    assertEquals(textsOf(store, "IT4mwrr0v3nea", 1).length, 1, what);
    assertEquals(store.nextQueueOffset("IT4mwrr0v3nea", 1), 1, what);
    assertEquals(store.nextQueueOffset("AdminT", 0), 3, what);
  }
  const { findings, queues } = verdictOf(fs);
  assertEquals([findings.kept, queues.goodEntries], [[], 39], what);
  const left = fs.dir("store").entries().map(({ name }) => name);
  assertEquals(left.filter((name) => name === "rebuilt" || name === "abort"), [], what);
}

for (const operation of ["write", "sync", "rename", "truncate"] satisfies Operation[]) {
  test(`rebuildStore() loses nothing when it dies at any ${operation}`, async () => {
    for (let nth = 1, done = false; !done; nth += operation === "rename" ? 1 : 17) {
      const fs = await shortened();
      const first = fs.counts[operation];
      fs.fault = (what, _, count) => {
        if (what !== operation || count !== first + nth) return undefined;
        throw new FsError("other", "the power goes");
      };
      done = await rebuild(fs).then(() => true, (error) => {
        assertStringIncludes(error.message, error instanceof FsError ? "" : "never");
        return false;
      });
      fs.powerCut(new Random(nth));
      mustAskForRecovery(fs);
      await mustBeWhole(fs, `${operation} ${nth}`);
      assert(nth < 2_000, "a rebuild takes fewer steps");
    }
  });
}
