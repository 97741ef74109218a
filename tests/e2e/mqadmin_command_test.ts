/** A script that was written for mqadmin, with `pocketmq admin` in its place. */
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { startCluster } from "../support/cluster.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;

test("a script for mqadmin makes, finds and deletes a topic by pocketmq admin", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const [namesrv, master] = [text(cluster.namesrv), text(cluster.master.broker)];
  const mqadmin = async (command: string): Promise<string> => {
    const args = ["admin", ...command.split(" "), "-n", namesrv];
    const { code, stdout, stderr } = await runPocketmq(args);
    assertEquals(code, 0, `${command}: ${stdout}${stderr}`);
    return stdout;
  };

  assertMatch(
    await mqadmin("updateTopic -c DefaultCluster -t orders -r 4 -w 4"),
    new RegExp(`^create topic to ${master} success\\.\\nTopicConfig \\[topicName=orders, `),
  );
  const route = JSON.parse(await mqadmin("topicRoute -t orders"));
  assertEquals(route.queueDatas[0].writeQueueNums, 4);
  // As awk '{ print $4 }' has it.
  const [titles, row] = (await mqadmin("clusterList")).split("\n");
  assertMatch(titles, /^#Cluster Name +#Broker Name +#BID +#Addr +#Version +#InTPS\(LOAD\) /);
  assertEquals(row.split(/ +/).slice(0, 5), [
    "DefaultCluster",
    "broker-a",
    "0",
    master,
    "V4_9_7",
  ]);
  assertMatch(
    await mqadmin("deleteTopic -c DefaultCluster -t orders"),
    / from NameServer success\.\n/,
  );

  const gone = await runPocketmq(["admin", "topicRoute", "-t", "orders", "-n", namesrv]);
  assertEquals([gone.code, gone.stdout], [1, ""]);
  assertMatch(gone.stderr, /^pocketmq: No broker that is alive has topic "orders"/);
});
