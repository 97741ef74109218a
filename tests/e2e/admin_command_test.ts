/** Commands that look at a cluster and change it, on a real one: `pocketmq topic`, `message` and the like. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { commandOf, runPocketmq } from "../support/binary.ts";
import { sendRequest, startCluster } from "../support/cluster.ts";
import { Shell } from "../support/shell.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;

test("an operator makes a topic, finds a message in it, and deletes it", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const address = text(cluster.master.broker);
  const run = async (code: number, ...args: string[]): Promise<string> => {
    const exit = await runPocketmq([...args, "-n", text(cluster.namesrv)]);
    assertEquals(exit.code, code, `${args.join(" ")}: ${exit.stdout}${exit.stderr}`);
    return code === 0 ? exit.stdout : exit.stderr;
  };

  assertMatch(await run(0, "cluster", "list"), new RegExp(`broker-a +0 +${address} +V4_9_7 `));
  assertEquals(
    await run(0, "topic", "create", "orders", "--queues", "3"),
    `orders is on ${address}\n`,
  );
  const listed = JSON.parse(await run(0, "topic", "list", "--json"));
  assertEquals([listed.topic, listed.readQueues, listed.perm], ["orders", 3, "RW"]);
  assertStringIncludes(await run(1, "topic", "route", "ordres"), 'did you mean "orders"?');

  const { code, ext } = await cluster.ask(cluster.master.broker, sendRequest("orders", "hello"));
  assertEquals(code, 0);
  assertMatch(await run(0, "message", "get", ext.msgId), /^topic +orders\n[^]*\n\nhello\n$/);

  assertMatch(await run(0, "topic", "status", "orders"), /\norders holds 1 message\.\n$/);
  await run(0, "group", "create", "billing", "--retries", "5");
  assertMatch(await run(0, "group", "list"), /\nbilling +yes +yes +5 +1 /);
  assertStringIncludes(await run(1, "group", "progress", "biling"), 'did you mean "billing"?');
  for (
    const [wanted, ...args] of [
      ["orders", "consume", "ordres"],
      ["orders", "group", "progress", "billing", "--topic", "ordres"],
      ["billing", "group", "connections", "biling"],
      ["billing", "offset", "set", "biling", "orders", "--to", "last"],
    ]
  ) assertStringIncludes(await run(1, ...args), `did you mean "${wanted}"?`);
  await run(0, "offset", "set", "billing", "orders", "--to", "last");
  assertMatch(await run(0, "offset", "get", "billing", "orders"), /\nbroker-a +\d +0 +1 +1 +0\n/);

  assertEquals(
    await run(0, "topic", "perm", "orders", "R"),
    `orders is R on ${address}\n`,
  );
  const route = JSON.parse(await run(0, "topic", "route", "orders", "--json"));
  assertEquals([route.perm, route.readQueues, route.addresses], ["R", 3, { 0: address }]);
  assertEquals(await run(0, "topic", "delete", "orders"), `orders is deleted on ${address}\n`);
  assertEquals(await run(0, "topic", "list", "--json"), "");
  assertEquals(
    await run(0, "broker", "config", "-b", address, "brokerRole"),
    "ASYNC_MASTER\n",
  );
});

test("a person at a terminal is asked before a topic is deleted", async () => {
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER" });
  const [command, ...front] = commandOf().map((word) => `'${word}'`);
  const program = `exec ${command} ${front.join(" ")} "$@"`;
  const NAMESRV_ADDR = text(cluster.namesrv);
  await using shell = new Shell("sh -i", program, { NAMESRV_ADDR, PS1: "" });
  await shell.types("pocketmq topic create orders\n", /(is on)/);
  const question = /(Delete topic "orders" and its messages on \S+\? \[y\/N\] )$/;
  await shell.types("pocketmq topic delete orders\n", question);
  await shell.types("\n", /(pocketmq: nothing was changed)/);
  await shell.types("pocketmq topic delete orders\n", question);
  await shell.types("y\n", /(orders is deleted on)/);
  await shell.types("pocketmq topic create orders\n", /(orders is on)/);
  await shell.types("pocketmq topic delete orders -y\n", /-y\r\n.{0,2}(orders is deleted on)/);
});
