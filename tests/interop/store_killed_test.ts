/** Java's broker starts on stores whose broker, ours, was killed at times when its index was ahead of its checkpoint. */
import { assertGreater } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import type { By } from "./matrix/nodes.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";

/** What was stored so long before the checkpoint no recovery reads again, and after so long the index is written. */
const OLD_MS = 4_000;
const WRITTEN_MS = 1_500;

/** Who starts, and how it ends. */
const LIVES: readonly {
  readonly by: By;
  readonly end: "SIGTERM" | "SIGKILL";
  /** It is given messages, and ends some seconds later. */
  readonly works: boolean;
}[] = [
  { by: "java", end: "SIGTERM", works: true },
  { by: "ours", end: "SIGKILL", works: false },
  { by: "java", end: "SIGKILL", works: true },
  { by: "ours", end: "SIGKILL", works: true },
  { by: "java", end: "SIGTERM", works: false },
];

test("Java's broker finds all keys in a store whose broker, ours, was killed", async () => {
  await using lab = await StoreLab.start();
  using history = new History(["Killed"]);
  for (const [life, { by, end, works }] of LIVES.entries()) {
    const broker = lab.broker(by, "master", "store");
    await broker.start();
    history.turnTo(broker);
    try {
      await history.mustBeServed();
      await history.mustHaveKeys();
      for (const ms of works ? [OLD_MS, WRITTEN_MS] : []) {
        await history.send(40);
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
    } catch (error) {
      throw new Error(`life ${life}, ${by}: ${error}\n${broker.said()}`, { cause: error });
    } finally {
      await broker.end(end);
    }
  }
  assertGreater(readdirSync(join(lab.folder("store"), "commitlog")).length, 3);
});
