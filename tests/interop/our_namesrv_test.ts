/** Java's mqadmin on our name server, with a Java broker registered there. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { prepareJava } from "./java.ts";
import { mqadmin } from "./mqadmin.ts";
import { lazily } from "./suite.ts";
import { Trio } from "./trio.ts";

const cluster = lazily(async () => {
  await prepareJava();
  const trio = new Trio();
  await trio.start("namesrv", "deno");
  await trio.start("master", "java");
  return trio;
});

/** What mqadmin prints for a command on our name server. */
async function admin(...args: string[]): Promise<string> {
  const trio = await cluster();
  const namesrv = ["-n", trio.node("namesrv").address];
  return await mqadmin(join(trio.home, "mqadmin"), [...args, ...namesrv]);
}

/** A setting as the name server has it. */
async function setting(namespace: string, key: string): Promise<string | undefined> {
  const redial = new Redial(runtime, silentLog);
  try {
    const request = { code: RequestCode.GET_KV_CONFIG, ext: { namespace, key } };
    const { address } = (await cluster()).node("namesrv");
    return (await redial.call(address, request, 5_000)).ext.value;
  } finally {
    redial.close();
  }
}

test("mqadmin clusterList and topicList know the Java broker that registered", async () => {
  const address = (await cluster()).node("master").address;
  assertMatch(await admin("clusterList"), new RegExp(`broker-a +0 +${address} +V4_9_7`));
  assertStringIncludes(await admin("topicList"), "BenchmarkTest");
});

test("mqadmin updateTopic reaches the name server at once, deleteTopic takes it away", async () => {
  await admin("updateTopic", "-c", "DefaultCluster", "-t", "on-topic");
  const route = JSON.parse(
    (await admin("topicRoute", "-t", "on-topic")).replace(/\{(\d+):/, '{"$1":'),
  );
  assertEquals(route.queueDatas[0].readQueueNums, 8);
  assertStringIncludes(await admin("topicClusterList", "-t", "on-topic"), "DefaultCluster");
  await admin("deleteTopic", "-c", "DefaultCluster", "-t", "on-topic");
  assert(!(await admin("topicRoute", "-t", "on-topic")).includes("queueDatas"));
  assert(!(await admin("topicList")).includes("on-topic"));
});

test("mqadmin wipeWritePerm and addWritePerm count the broker's topics", async () => {
  const [, wiped] = /OK, (\d+)/.exec(await admin("wipeWritePerm", "-b", "broker-a"))!;
  const [, added] = /OK, (\d+)/.exec(await admin("addWritePerm", "-b", "broker-a"))!;
  assert(Number(wiped) >= 8, wiped);
  assertEquals(added, wiped);
});

test("mqadmin keeps settings and the order of topics", async () => {
  assertStringIncludes(await admin("updateKvConfig", "-s", "NS", "-k", "k", "-v", "v"), "success");
  assertStringIncludes(await admin("deleteKvConfig", "-s", "NS", "-k", "k"), "success");
  await admin("updateOrderConf", "-t", "on-order", "-m", "put", "-v", "broker-a:4");
  assertEquals(await setting("ORDER_TOPIC_CONFIG", "on-order"), "broker-a:4");
  assertEquals(await setting("NS", "k"), undefined);
});

test("mqadmin shows the settings and changes those that may be changed", async () => {
  assertMatch(await admin("getNamesrvConfig"), /orderMessageEnable += +false/);
  await admin("updateNamesrvConfig", "-k", "orderMessageEnable", "-v", "true");
  assertMatch(await admin("getNamesrvConfig"), /orderMessageEnable += +true/);
  await admin("updateNamesrvConfig", "-k", "kvConfigPath", "-v", "/elsewhere");
  assert(!(await admin("getNamesrvConfig")).includes("elsewhere"));
});

test("a Java broker that ends is forgotten at once, killed or not", async () => {
  const trio = await cluster();
  await trio.node("master").end("SIGKILL");
  assert(!(await admin("clusterList")).includes("broker-a"));
  await trio.start("master", "java");
  assertStringIncludes(await admin("clusterList"), trio.node("master").address);
  await trio.node("master").end("SIGTERM");
  assert(!(await admin("clusterList")).includes("broker-a"));
  await trio.close();
});
