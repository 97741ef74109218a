/** Java's broker and ours start in turn on one store, each on what the other left: closed, or killed at work. */
import { assertGreater } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import type { By } from "./matrix/nodes.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";
import { Settings } from "./store/settings.ts";

const TOPICS = ["TurnsA", "TurnsB"];

/** Who starts, and how it ends. */
const TURNS: readonly {
  readonly by: By;
  readonly end: "SIGTERM" | "SIGKILL";
  /** All that is made of the log is made anew then. */
  readonly rebuilt?: boolean;
}[] = [
  { by: "java", end: "SIGTERM" },
  { by: "ours", end: "SIGTERM", rebuilt: true },
  { by: "java", end: "SIGKILL" },
  { by: "ours", end: "SIGKILL" },
  { by: "java", end: "SIGKILL" },
  { by: "ours", end: "SIGTERM" },
];

test("Java's broker and ours start in turn on one store, and serve all that either was given", async () => {
  await using lab = await StoreLab.start();
  using history = new History(TOPICS);
  const settings = new Settings();
  for (const [turn, { by, end, rebuilt }] of TURNS.entries()) {
    const broker = lab.broker(by, "master", "store");
    await broker.start();
    history.turnTo(broker);
    try {
      await settings.mustBeServed(history);
      await history.mustBeServed();
      await history.mustHaveKeys();
      await history.send(60);
      await settings.change(history, turn, TOPICS);
      await settings.saved(broker.folder);
      if (end === "SIGKILL") await history.rush(60);
    } catch (error) {
      throw new Error(`turn ${turn}, ${by}: ${error}\n${broker.said()}`, { cause: error });
    } finally {
      await broker.end(end);
    }
    if (rebuilt) await lab.rebuild("store");
    await lab.verify("store", end === "SIGTERM");
  }
  assertGreater(readdirSync(join(lab.folder("store"), "commitlog")).length, 3);
});
