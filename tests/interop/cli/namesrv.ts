/** `pocketmq namesrv` and `pocketmq ha` */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startPocketmq } from "../../support/binary.ts";
import { onBoth } from "./clusters.ts";

onBoth(
  "pocketmq namesrv lists, keeps keys, and finds what name servers do not agree on",
  async ({ out, fails, run, ...lab }) => {
    const [one] = (await out("namesrv list --json")).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals([one.address, one.clusters, one.brokers], [lab.namesrv, 1, 2]);
    assertMatch(await out("namesrv config"), new RegExp(`^${lab.namesrv}\\n`));
    await out("namesrv kv put CLI_TEST orders broker-a:4");
    assertEquals(await out("namesrv kv get CLI_TEST orders"), "broker-a:4\n");
    assertMatch(await out("namesrv kv list CLI_TEST"), /^orders +broker-a:4\n$/);
    await out("namesrv kv delete CLI_TEST orders");
    assertStringIncludes(await fails(1, "namesrv kv get CLI_TEST orders"), "has no key");

    assertStringIncludes(await fails(2, "namesrv diff"), "two name servers or more");
    assertMatch(
      await out(`namesrv diff -n ${lab.namesrv};${lab.namesrv}`),
      /^All 2 say the same: 2 brokers, /,
    );
    await using other = await startPocketmq(["--namesrv", "--listenPort", "0"]);
    const both = `${lab.namesrv};127.0.0.1:${other.ready.namesrv!.split(":")[1]}`;
    const { code, stdout } = await run(["namesrv", "diff", "-n", both]);
    assertEquals(code, 3, stdout);
    assertMatch(
      stdout,
      new RegExp(`\\nbroker +DefaultCluster broker-a 0 +${lab.namesrv} +${lab.master}\\n`),
    );
    assertMatch(stdout, /differences\. Brokers tell every name server/);
    assertEquals((await run(["namesrv", "list", "-n", both])).code, 3);
    assertMatch(await fails(1, `namesrv diff -n ${lab.namesrv};127.0.0.1:1`), /127\.0\.0\.1:1/);
  },
);

onBoth("pocketmq ha tells what a broker tells, and changes nothing of itself", async (lab) => {
  const { run, fails } = lab;
  const { code, stdout } = await run(["ha", "status"]);
  const isJava = lab.by === "Java";
  assertEquals(code, isJava ? 1 : 0, stdout); // 4.9 cannot tell how its slaves are
  assertMatch(
    stdout,
    isJava
      ? /\nbroker-a +0 +\S+ +\S+ +UNKNOWN +0\.\.\d+ /
      : new RegExp(`\\nbroker-a +1 +${lab.slave} +SLAVE +IN_SYNC +`),
  );
  const accepted = await fails(1, `ha accept 127.0.0.1:1 -b ${lab.master}`);
  assertStringIncludes(accepted, isJava ? "knows no such request" : "was never refused here");
  const resync = await fails(isJava ? 1 : 4, `ha resync -b ${lab.slave}`);
  assertStringIncludes(resync, isJava ? "knows no such request" : "its log does not differ");
});
