/** Our nodes paired with Java's: same name servers, same stream, same files. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { hostBytes } from "../../src/wire/host_address.ts";
import { formatMessageId, messageIdPrefix } from "../../src/wire/message_id.ts";
import { test } from "../harness.ts";
import { mqadmin } from "./mqadmin.ts";
import { assertSameIndexes, assertSameStores, pick, sharedTrio, testScenarios } from "./suite.ts";
import { AFTER_DEATH, BEFORE_DEATH } from "./scenarios.ts";

const LIGHT = {
  ...pick(["ready", "sendSync", "consumeAll", "queryByKey", "largeBodies", "slaveRefusesSends"]),
  stock: BEFORE_DEATH.stock,
};
const HEAVY = { ...pick(["ready", "sendBatch", "compressedBodies", "soak"]), ...LIGHT };

for (const namesrv of ["java", "deno"] as const) {
  const name = `our slave of a Java SYNC_MASTER, ${
    namesrv === "java" ? "Java" : "our"
  } name server`;
  const trio = sharedTrio({ namesrv, master: "java", slave: "deno" });
  testScenarios(name, trio, "load", namesrv === "java" ? HEAVY : LIGHT);
  test(`${name}: the master is killed`, async () =>
    void await (await trio()).node("master").end("SIGKILL"));
  testScenarios(name, trio, "load", AFTER_DEATH);
  test(`${name}: stopped, its log and queues equal the master's`, async () => {
    const pair = await trio();
    assertEquals(await pair.node("slave").end("SIGTERM"), 0, pair.said());
    assertSameStores(pair);
    assertSameIndexes(pair);
    await pair.close();
  });
}

{
  const name = "a Java slave of our SYNC_MASTER";
  const trio = sharedTrio({ namesrv: "deno", master: "deno", slave: "java" });
  testScenarios(name, trio, "load", HEAVY);

  test("mqadmin clusterList shows our master and its slave", async () => {
    const pair = await trio();
    const home = join(pair.home, "mqadmin");
    const list = await mqadmin(home, ["clusterList", "-n", pair.node("namesrv").address]);
    for (const [id, role] of [[0, "master"], [1, "slave"]] as const) {
      const row = list.split("\n").find((line) => line.includes(pair.node(role).address)) ?? list;
      assertMatch(row, new RegExp(`^DefaultCluster +broker-a +${id} +127\\.0\\.0\\.1:\\d+ +V\\d`));
    }
  });

  test("mqadmin topicRoute and topicList know what the client made", async () => {
    const pair = await trio();
    const home = join(pair.home, "mqadmin");
    const namesrv = ["-n", pair.node("namesrv").address];
    const route = await mqadmin(home, ["topicRoute", ...namesrv, "-t", "load-sync"]);
    assertStringIncludes(route, pair.node("master").address);
    assertStringIncludes(route, pair.node("slave").address);
    assertMatch(route, /"readQueueNums":\s*4/);
    assertStringIncludes(await mqadmin(home, ["topicList", ...namesrv]), "load-everything");
  });

  test("mqadmin finds messages by key, by unique key and by id", async () => {
    const pair = await trio();
    const home = join(pair.home, "mqadmin");
    const namesrv = ["-n", pair.node("namesrv").address];
    const topic = ["-t", "load-query"];
    const byKey = await mqadmin(home, ["queryMsgByKey", ...namesrv, ...topic, "-k", "order-3"]);
    const [, id] = /^([0-9A-F]{32,}) /m.exec(byKey) ?? [byKey];
    assertEquals(byKey.match(/^[0-9A-F]{32,} /gm)?.length, 1, byKey);
    const byId = await mqadmin(home, ["queryMsgByUniqueKey", ...namesrv, ...topic, "-i", id]);
    assertMatch(byId, /Keys: +\[order-3 shared /);
    const [host, port] = pair.node("master").address.split(":");
    const prefix = messageIdPrefix(hostBytes({ host, port: Number(port) }));
    const place = formatMessageId(prefix, Number(/CommitLog Offset: +(\d+)/.exec(byId)?.[1]));
    const byPlace = await mqadmin(home, ["queryMsgById", ...namesrv, "-i", place]);
    assertStringIncludes(byPlace, "load-query");
    assertMatch(byPlace, /Keys: +\[order-3 shared /);
  });

  test(`${name}: stopped, its log and queues equal the master's`, async () => {
    const pair = await trio();
    assertEquals(await pair.node("master").end("SIGTERM"), 0, pair.said());
    await pair.node("slave").end("SIGTERM");
    assertSameStores(pair);
    assertSameIndexes(pair);
    await pair.close();
  });
}
