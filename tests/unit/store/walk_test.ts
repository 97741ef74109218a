import { assertEquals } from "@std/assert";
import type { Store } from "../../../src/store/store.ts";
import { AT_ONCE } from "../../../src/store/turn.ts";
import { walkLog } from "../../../src/store/walk.ts";
import { test } from "../../harness.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { message, openIn } from "../../support/store.ts";

/** A store of messages with bodies of these sizes; gives where each begins, too. */
async function stored(
  fs: MemFs,
  sizes: readonly number[],
): Promise<{ store: Store; at: number[] }> {
  const store = await openIn(fs, { logFileBytes: 1024 * 1024 });
  const at: number[] = [];
  for (const size of sizes) {
    at.push(store.append(message({ body: new Uint8Array(size) })).logOffset);
    store.commit();
  }
  return { store, at };
}

async function walked(store: Store, from: number, to = store.log.tail) {
  const seen: number[] = [];
  const end = await walkLog(store.log, from, to, AT_ONCE, ({ logOffset }) => seen.push(logOffset));
  return { seen, end };
}

test("walkLog() sees each record from one on, over files and records longer than a read", async () => {
  const { store, at } = await stored(new MemFs(), [10, 300_000, 600_000, 10, 500_000, 20]);
  const { tail } = store.log;
  assertEquals(await walked(store, 0), { seen: at, end: tail });
  assertEquals(await walked(store, at[2]), { seen: at.slice(2), end: tail });
  assertEquals(await walked(store, 0, at[3]), { seen: at.slice(0, 3), end: at[3] });
  assertEquals(await walked(store, tail), { seen: [], end: tail });
  await store.close();
});

test("walkLog() ends where no record begins, and says where", async () => {
  const { store, at } = await stored(new MemFs(), [10, 10]);
  assertEquals(await walked(store, 7), { seen: [], end: 7 });
  assertEquals((await walked(store, 0, at[1] + 5)).end, at[1]);
  await store.close();
});

test("walkLog() lets others go on in between", async () => {
  const { store, at } = await stored(new MemFs(), [200_000, 200_000, 200_000]);
  let turns = 0;
  const turn = { isOver: () => true, next: () => Promise.resolve(void turns++) };
  let seen = 0;
  await walkLog(store.log, 0, store.log.tail, turn, () => seen++);
  assertEquals([seen, turns >= at.length - 1], [3, true]);
  await store.close();
});
