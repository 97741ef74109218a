/** What the shells' completion asks of a cluster. */
import { assert, assertEquals } from "@std/assert";
import { createServer } from "node:net";
import { onBoth } from "./clusters.ts";

onBoth("completion gets topics, groups and brokers, nothing of the system", async (lab) => {
  await lab.out("topic create cli-complete --queues 1");
  await lab.out("group create cli-complete-group");
  const topics = (await lab.out("completion names topic")).trim().split("\n");
  assert(topics.includes("cli-complete"), topics.join());
  assert(!topics.includes("TBW102"), topics.join());
  const groups = (await lab.out("completion names group")).trim().split("\n");
  assert(
    groups.includes("cli-complete-group") && !groups.includes("TOOLS_CONSUMER"),
    groups.join(),
  );
  const brokers = await lab.out("completion names broker");
  assertEquals(brokers, [lab.master, lab.slave].sort().map((each) => `${each}\n`).join(""));
});

onBoth(
  "completion of names says nothing when there is no cluster, or none that answers",
  async ({ run }) => {
    const deaf = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => deaf.once("listening", resolve));
    const { port } = deaf.address() as { port: number };
    for (const address of ["127.0.0.1:1", `127.0.0.1:${port}`, "nonsense"]) {
      const words = ["completion", "names", "topic", "-n", address];
      const started = performance.now();
      const { code, stdout, stderr } = await run(words);
      assertEquals([code === 0, stdout, stderr], [false, "", ""], address);
      assert(
        performance.now() - started < 8_000,
        `${address}: a busy machine may take its time, but not so long`,
      );
    }
    deaf.close();
  },
);
