/** A log whose last record is torn, as a power cut leaves it: either broker cuts it, and the other goes on from there. */
import { assertEquals } from "@std/assert";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { sendRequest } from "../support/cluster.ts";
import { logFiles } from "../support/aging.ts";
import { LONG } from "../support/seeds.ts";
import type { By } from "./matrix/nodes.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";

/** Its only message is the one that is lost. */
const LOST = "Lost";

for (const first of LONG ? ["ours", "java"] as const : ["ours"] as const) {
  const second = first === "ours" ? "java" : "ours";
  test(`a torn record is cut by ${first}, and its queue begins anew at ${second}`, async () => {
    await using lab = await StoreLab.start();
    using history = new History(["Torn"]);
    const start = async (by: By) => {
      const broker = lab.broker(by, "master", "store");
      await broker.start();
      history.turnTo(broker);
      return broker;
    };
    const lost = async (queueOffset: number) => {
      const { code, ext } = await history.ask(sendRequest(LOST, "the only one", "KEYS\x01only"));
      assertEquals([code, ext.queueOffset], [0, String(queueOffset)]);
    };
    const writer = await start(first);
    await history.send(40);
    await lost(0);
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // its queue entry reaches the disk
    const end = (await writer.bounds())!.max;
    await writer.end("SIGKILL");
    tear(lab.folder("store"), end);

    const cutter = await start(first);
    await history.mustBeServed();
    await history.mustHaveKeys();
    await cutter.end("SIGTERM");
    await lab.verify("store", first === "ours"); // Java leaves what it cut where it is

    await start(second);
    await history.mustBeServed();
    await history.mustHaveKeys();
    await lost(0);
    await history.send(10);
    await history.mustBeServed();
  });
}

/** Zeroes the last bytes of the log, which ends there. */
function tear(folder: string, end: number): void {
  const name = logFiles(folder).findLast((one) => Number(one) < end)!;
  const file = openSync(join(folder, "commitlog", name), "r+");
  writeSync(file, new Uint8Array(40), 0, 40, end - 40 - Number(name));
  closeSync(file);
}
