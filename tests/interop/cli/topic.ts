/** `pocketmq topic` */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { onBoth } from "./clusters.ts";

onBoth("pocketmq topic makes, lists, changes and deletes one", async ({ out, fails, ...lab }) => {
  const created = await out("topic create cli-orders --queues 3");
  assertEquals(created, `cli-orders is on ${lab.master}\n`);

  const listed = (await out("topic list --json")).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(listed.find(({ topic }) => topic === "cli-orders"), {
    topic: "cli-orders",
    kind: "user",
    clusters: ["DefaultCluster"],
    brokers: ["broker-a"],
    readQueues: 3,
    writeQueues: 3,
    perm: "RW",
  });
  assertMatch(await out("topic list"), /\ncli-orders +user +3 +3 +RW +DefaultCluster +broker-a\n/);

  assertEquals(await out("topic perm cli-orders R"), `cli-orders is R on ${lab.master}\n`);
  const route = JSON.parse(await out("topic route cli-orders --json"));
  assertEquals(route, {
    broker: "broker-a",
    cluster: "DefaultCluster",
    readQueues: 3,
    writeQueues: 3,
    perm: "R",
    addresses: { 0: lab.master, 1: lab.slave },
  });
  await out("topic perm cli-orders RW");

  await lab.client().producer().send({ topic: "cli-orders", body: new Uint8Array(3) });
  assertMatch(await out("topic status cli-orders"), /\ncli-orders holds 1 message\.\n$/);

  assertStringIncludes(await fails(1, "topic route cli-ordres"), 'did you mean "cli-orders"?');
  assertEquals(
    await out("topic delete cli-orders"),
    `cli-orders is deleted on ${lab.master}\n`,
  );
  assertStringIncludes(await fails(1, "topic route cli-orders"), "cli-orders");
});
