/** A store whose oldest files went, ours or Java's doing: the other goes on with what is left. */
import { test } from "../harness.ts";
import { AGING, expireFiles, logFiles } from "../support/aging.ts";
import { patiently } from "../support/patience.ts";
import { LONG } from "../support/seeds.ts";
import type { BrokerNode } from "./matrix/nodes.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";

/** A Java broker looks for old files once it has run for a minute. */
const REMOVED_WITHIN_MS = 120_000;

if (LONG) { // what our retention leaves, store_retention_test.ts hands to Java in every run
  test("a store without its oldest files is served by Java's broker and by ours", async () => {
    await using lab = await StoreLab.start();
    using history = new History(["PurgedA", "PurgedB"]);
    const turn = async (by: "ours" | "java", end: "SIGTERM" | "SIGKILL", removes: boolean) => {
      const broker = lab.broker(by, "master", "store", removes ? AGING : {});
      await broker.start();
      history.turnTo(broker);
      await history.mustBeServed();
      await history.mustHaveKeys();
      await history.send(80);
      if (removes) await removeOldest(broker, history);
      if (by === "ours") { // Java tells its queues much later where they begin
        await toldQueues(history);
        await history.mustBeServed();
        await history.mustHaveKeys();
      }
      await broker.end(end);
      await lab.verify("store", end === "SIGTERM");
    };
    await turn("ours", "SIGKILL", true);
    await turn("java", "SIGTERM", true);
    await turn("ours", "SIGTERM", true);
    await turn("java", "SIGKILL", true);
    await turn("ours", "SIGTERM", false);
  });
}

/** Has the broker remove the first files of its log, as it does with old ones. */
async function removeOldest(broker: BrokerNode, history: History): Promise<void> {
  const before = (await broker.bounds())!.min;
  const left = logFiles(broker.folder).length >> 1;
  await patiently(() => `files stay\n${broker.said()}`, () => {
    const more = logFiles(broker.folder).length - left;
    expireFiles(broker.folder, more); // again, for what Java writes late makes a file young
    return more === 0;
  }, REMOVED_WITHIN_MS);
  // while several go, the log may be said to begin at one of them
  await patiently("the log does not begin with its first file", async () => {
    const { min } = (await broker.bounds())!;
    return min > before && min === Number(logFiles(broker.folder)[0]);
  });
  history.beginsAt(Number(logFiles(broker.folder)[0]));
}

/** Queues hear of a removed file a moment after it has gone. */
function toldQueues(history: History): Promise<void> {
  let last: unknown;
  const isTold = () => history.mustBeServed().then(() => true, (error) => (last = error, false));
  return patiently(() => `queues do not begin with the log: ${last}`, isTold);
}
