import { assertEquals } from "@std/assert";
import { silentLog } from "../../../../src/base/log.ts";
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
