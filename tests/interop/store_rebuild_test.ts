/** What `pocketmq log rebuild` makes of a Java broker's store is a store to Java's broker and to ours. */
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { LONG } from "../support/seeds.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";

if (LONG) { // parts of it are in tests/unit/store/inspect, and the byte-equal queues and index
  test("queues and index that were rebuilt serve Java's broker and ours, after a stop and after a kill", async () => {
    await using lab = await StoreLab.start();
    using history = new History(["RebuiltA", "RebuiltB"]);
    for (
      const [by, end] of [["java", "SIGTERM"], ["java", "SIGKILL"], ["ours", "SIGTERM"]] as const
    ) {
      const broker = lab.broker(by, "master", "store");
      await broker.start();
      history.turnTo(broker);
      await history.mustBeServed();
      await history.mustHaveKeys();
      await history.send(80);
      await broker.end(end);
      const { code, stderr } = await runPocketmq(["log", "rebuild", lab.folder("store")]);
      assertEquals(code, 0, stderr);
      await lab.verify("store", true); // also after a kill: the process wrote all that it answered
    }
  });
}
