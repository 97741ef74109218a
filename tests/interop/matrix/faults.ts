import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Place } from "../../support/cutting_proxy.ts";
import { type Cell, FILE_BYTES } from "./cell.ts";
import { recordBounds, removeFirstFile } from "./log_files.ts";

/** For a cut that is waited for: every place comes up within a second of load, behind a reconnect of 5 s. */
const CUT_SECONDS = 30;

/** What happens in a row of the matrix; each leaves the slave where it has caught up again. */
export const FAULTS = {
  "the slave starts empty": startsEmpty,
  "the slave is killed in the middle of a packet": slaveRestarts,
  "the master is killed": (cell: Cell) => masterRestarts(cell, "SIGKILL"),
  "the master is stopped": (cell: Cell) => masterRestarts(cell, "SIGTERM"),
  "the link is cut in a header": (cell: Cell) => linkIsCut(cell, "header", [1, 6, 11]),
  "the link is cut in a body": (cell: Cell) => linkIsCut(cell, "body", [1, undefined, Infinity]),
  "the link is cut at a file end": (cell: Cell) => linkIsCut(cell, "file end", [undefined]),
  "the slave starts empty, the master's first file is gone": firstFileIsGone,
} as const;

/** The name of a row. */
export type Fault = keyof typeof FAULTS;

async function startsEmpty(cell: Cell): Promise<void> {
  const max = await cell.filled(3.2);
  const { min: begin } = await cell.boundsOf(cell.master);
  await cell.slave.start();
  await cell.caughtUp();
  const { firstReport, seen } = cell.proxy.links[0];
  const { min } = await cell.boundsOf(cell.slave);
  if (!cell.fullSync) {
    assertEquals([firstReport, seen.first!.logOffset], [0, min]);
    assertGreater(min, max - max % FILE_BYTES - 1, "Java's own way: the last file only");
    await cell.grown(3);
    return;
  }
  // Java answers a 0 with its last file, so ours asks it for byte 1; byte 0 of a log is always 0.
  const wanted = cell.slave.by === "ours" ? begin || 1 : begin;
  const asks = cell.slave.by === "ours" ? wanted : 0;
  assertEquals([firstReport, seen.first!.logOffset], [asks, wanted], await cell.story());
  assertGreater(seen.first!.size, 0, "no heartbeat before the first byte");
  assertEquals(min, begin);
  assertEquals(cell.proxy.links.length, 1, await cell.story());
}

/** As a log is after its first days: what is older than its reservation was deleted. */
async function firstFileIsGone(cell: Cell): Promise<void> {
  await cell.filled(4.2);
  await cell.master.end(cell.master.by === "ours" ? "SIGTERM" : "SIGKILL");
  const min = removeFirstFile(cell.master.folder);
  await cell.master.start();
  assertEquals((await cell.boundsOf(cell.master)).min, min);
  await startsEmpty(cell);
}

/** Killed with half a packet received, and a log that ends within a record: packets end anywhere. */
async function slaveRestarts(cell: Cell): Promise<void> {
  const end = await cell.filled(1.5);
  const from = cell.fullSync ? FILE_BYTES + 1 : end - end % FILE_BYTES + 1;
  const held = cell.proxy.breakAt({ in: "body", from }, "hold");
  await cell.slave.start();
  await cell.within(CUT_SECONDS, "a body to be held", held);
  const had = await cell.until("what came before it", async () => {
    const max = (await cell.slave.bounds())?.max ?? 0;
    return max >= from ? max : undefined;
  });
  await cell.slave.end("SIGKILL");
  const links = cell.proxy.links.length;
  await cell.slave.start();
  await cell.caughtUp();
  const again = cell.proxy.links.slice(links).find(({ firstReport }) => firstReport !== undefined)!;
  const bounds = recordBounds(cell.master.folder);
  assert(bounds.has(again.firstReport!), `${again.firstReport} is no record's begin or end`);
  assertGreater(again.firstReport!, from - FILE_BYTES, "it goes on from what it had");
  assert(again.firstReport! <= had, "and asks for the torn record again");
}

async function masterRestarts(cell: Cell, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  await cell.filled(1);
  await cell.slave.start();
  await cell.caughtUp();
  await cell.master.end(signal);
  await cell.master.start();
  await cell.grown(1);
  await cell.caughtUp();
  assertGreater(cell.proxy.links.length, 1, "it came again");
}

/** Cut once while the slave copies what it missed, in packets of 32 KiB, and then in step with the load. */
async function linkIsCut(
  cell: Cell,
  where: Place["in"],
  cuts: readonly (number | undefined)[],
): Promise<void> {
  const end = await cell.filled(1.5);
  let cut = cell.proxy.breakAt({ in: where, from: cell.fullSync ? FILE_BYTES : end });
  await cell.slave.start();
  await cell.within(CUT_SECONDS, "the first cut", cut);
  for (const bytes of cuts) {
    const from = await cell.caughtUp();
    cut = cell.proxy.breakAt({ in: where, from, bytes });
    const { seen } = await cell.within(CUT_SECONDS, `the cut after ${bytes} bytes`, cut);
    if (where === "file end") assertEquals(seen.end % FILE_BYTES, 0);
  }
  await cell.filled(3);
  await cell.caughtUp();
  assertGreater(cell.proxy.links.length, cuts.length + 1, "it came again each time");
}
