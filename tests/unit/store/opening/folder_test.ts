import { assertEquals, assertRejects } from "@std/assert";
import { JsonFile } from "../../../../src/base/json_file.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { FsError } from "../../../../src/ports/fs.ts";
import { openStore, type Store } from "../../../../src/store/store.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { message, SMALL } from "../../../support/store.ts";

function open(fs: MemFs, bootId: string | undefined): Promise<Store> {
  const { clock, codecs } = runtime;
  return openStore({ fs, clock, codecs, bootId }, fs.dir("store"), SMALL, silentLog);
}

/** Opens a store again, on the same machine or after its restart, when its process was killed or closed it. */
async function again(
  { first, then, killed }: { first?: string; then?: string; killed: boolean },
): Promise<number> {
  const fs = new MemFs();
  const store = await open(fs, first);
  store.append(message());
  store.commit();
  if (killed) fs.kill();
  await store.close().catch(() => {});
  const next = await open(fs, then);
  await next.close();
  return next.suspectFrom;
}

for (
  const { name, wanted, ...life } of [
    { name: "closed", first: "a", then: "b", killed: false, wanted: Infinity },
    { name: "killed, the machine ran on", first: "a", then: "a", killed: true, wanted: Infinity },
    { name: "killed, the machine restarted", first: "a", then: "b", killed: true, wanted: 0 },
    { name: "killed by who did not say", first: undefined, then: "b", killed: true, wanted: 0 },
    {
      name: "killed, no such name here",
      first: undefined,
      then: undefined,
      killed: true,
      wanted: 0,
    },
  ]
) {
  test(`a store that was ${name} suspects its log from ${wanted} on`, async () =>
    assertEquals(await again(life), wanted));
}

test("a store whose folder's name could not be made safe is not opened, nor by the next process", async () => {
  const fs = new MemFs();
  const error = new FsError("other", "cannot sync");
  fs.fault = (kind, path) => kind === "sync" && path === "/" ? { error } : undefined;
  for (let tries = 0; tries < 2; tries++) {
    await assertRejects(() => open(fs, "a"), FsError, "cannot sync");
  }
  fs.fault = undefined;
  const store = await open(fs, "a");
  store.append(message());
  store.commit();
  await store.close();
  fs.crash(() => 0, () => []); // no name is there that was not made safe
  const next = await open(fs, "b");
  assertEquals(next.log.tail, store.log.tail);
  await next.close();
});

for (
  const { name, isClosed } of [{ name: "killed", isClosed: false }, {
    name: "closed",
    isClosed: true,
  }]
) {
  test(`a table that a ${name} broker could not make safe is safe once the next one reads it`, async () => {
    const fs = new MemFs();
    const store = await open(fs, "a");
    const table = new JsonFile(fs.dir("store/config"), "t.json", silentLog);
    await table.save("1");
    const error = new FsError("other", "cannot sync");
    fs.fault = (kind, path) => kind === "sync" && path.endsWith("config") ? { error } : undefined;
    await assertRejects(() => table.save("2"), FsError);
    if (!isClosed) fs.kill();
    fs.fault = undefined;
    await store.close().catch(() => {});
    const next = await open(fs, "a");
    const load = (): unknown =>
      new JsonFile(fs.dir("store/config"), "t.json", silentLog).load(JSON.parse);
    assertEquals(load(), 2);
    fs.crash(() => 0, () => []);
    assertEquals(load(), 2);
    await next.close();
  });
}
