/** `pocketmq cluster` and `pocketmq broker` */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { onBoth } from "./clusters.ts";

onBoth(
  "pocketmq cluster and broker show brokers and their load",
  async ({ out, fails, ...lab }) => {
    const nodes = (await out("cluster list --json")).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(nodes.map(({ cluster, name, id, address }) => [cluster, name, id, address]), [
      ["DefaultCluster", "broker-a", 0, lab.master],
      ["DefaultCluster", "broker-a", 1, lab.slave],
    ]);
    assertEquals(nodes[0].version, "V4_9_7");
    assertMatch(
      await out("cluster list"),
      /\nDefaultCluster +broker-a +0 +127\.0\.0\.1:\d+ +V4_9_7 /,
    );
    assertMatch(
      await out("broker status"),
      /\nDefaultCluster +broker-a +1 +127\.0\.0\.1:\d+ +V4_9_7 /,
    );
    const status = JSON.parse(await out(`broker status -b ${lab.slave} --json`));
    assertEquals(status.brokerVersionDesc, "V4_9_7");
    assertMatch(await fails(1, "broker status -b 127.0.0.1:1"), /127\.0\.0\.1:1/);
  },
);

onBoth(
  "pocketmq broker config shows settings and changes them",
  async ({ out, fails, run, ...lab }) => {
    const at = `-b ${lab.master}`;
    assertEquals(await out(`broker config ${at} brokerRole`), "SYNC_MASTER\n");
    assertStringIncludes(
      await fails(1, `broker config ${at} brokerRol`),
      "did you mean brokerRole?",
    );
    assertEquals(
      await out(`broker config ${at} --set fileReservedTime=70 --set deleteWhen=05`),
      "fileReservedTime: 72 -> 70, at once\ndeleteWhen: 04 -> 05, at once\n",
    );
    const settings = JSON.parse(await out(`broker config ${at} --json`));
    assertEquals([settings.fileReservedTime, settings.deleteWhen], ["70", "05"]);
    await out(`broker config ${at} --set fileReservedTime=72 --set deleteWhen=04`);

    const unknown = await fails(1, `broker config ${at} --set fileReservedTim=1`);
    assertStringIncludes(unknown, "did you mean fileReservedTime? Nothing was changed");
    const restart = await run(["broker", "config", "-b", lab.master, "--set", "maxIndexNum=20001"]);
    if (lab.by === "Java") {
      const later = "maxIndexNum: 20000 -> 20001, when the broker has started again\n";
      assertEquals([restart.code, restart.stdout], [0, later]);
      await out(`broker config ${at} --set maxIndexNum=20000`);
    } else {
      assertEquals(restart.code, 1);
      assertStringIncludes(restart.stderr, "while the broker runs: restart it with that");
    }
  },
);
