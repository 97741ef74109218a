/** `pocketmq health`: what scripts and containers ask, of real nodes. */
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { startCluster } from "../support/cluster.ts";

const text = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;

async function health(code: number, ...args: string[]): Promise<string> {
  const patience = args.includes("--timeout") ? [] : ["--timeout", "20"]; // of a busy machine
  const exit = await runPocketmq(["health", ...args, ...patience]);
  assertEquals(exit.code, code, `${args.join(" ")}: ${exit.stdout}${exit.stderr}`);
  assertMatch(exit.stdout, /^[^\n]+\n$/);
  return exit.stdout;
}

test("health tells a node that serves from one that is gone, stuck or on its way", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const { master, namesrv, slaves: [slave] } = cluster;
  const [m, s, n] = [master.broker, slave.broker, namesrv].map(text);

  assertEquals(await health(0, "-b", m, "--ready"), `ok: master broker-a at ${m}\n`);
  assertEquals(await health(0, "-b", s, "--ready"), `ok: slave broker-a-1 at ${s}, IN_SYNC\n`);
  const here = ["--namesrvPort", String(namesrv.port), "--listenPort", String(master.broker.port)];
  const both = `ok: name server at ${n}, master broker-a at ${m}\n`;
  assertEquals(await health(0, ...here), both);
  assertEquals(await health(0, "--namesrv", "--master", "--ready", ...here), both);

  slave.process.kill("SIGSTOP");
  const silent = JSON.parse(await health(124, "-b", s, "--timeout", "1", "--json"));
  assertEquals([silent.healthy, silent.nodes[0].silent], [false, "timeout"]);
  slave.process.kill("SIGCONT");

  await master.process.kill("SIGKILL");
  await health(1, "-b", m);
  await health(1, "--master", ...here);
  assertMatch(await health(0, "-b", s), /^ok: slave/); // alive
  assertMatch(await health(3, "-b", s, "--ready"), /it is (CONNECTING|HANDSHAKE)/);
});

test("a master that stores nothing is not healthy", async () => {
  const full = ["--diskSpaceWarningLevelRatio", "1", "--diskSpaceEnough", String(2 ** 52)];
  await using cluster = await startCluster({ slaves: 0, role: "ASYNC_MASTER", flags: full });
  const said = await health(3, "-b", text(cluster.master.broker));
  assertMatch(said, /it stores nothing: the disk of .* is \d+ % full/);
});

test("health without a node on these ports fails, and says where it looked", async () => {
  const said = await health(1, "--namesrvPort", "1", "--listenPort", "4");
  assertMatch(said, /^no node runs here: cannot reach 127\.0\.0\.1:1: .*127\.0\.0\.1:4/);
  assertEquals((await runPocketmq(["health", "--listenPort", "0"])).code, 2);
  assertEquals((await runPocketmq(["health", "-b", "h:1", "--master"])).code, 2);
});
