/** Our master and our client with two name servers of Java. */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect } from "../../src/client/client.ts";
import { test } from "../harness.ts";
import { startPocketmq } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { hasBroker, newClientServes, trafficOf } from "../support/traffic.ts";
import { prepareJava, startPeer } from "./java.ts";
import { freePorts } from "../support/free_ports.ts";

const home = mkdtempSync(join(tmpdir(), "pocketmq-two-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

test("either of two Java name servers is killed and comes back empty: ours do not notice", async () => {
  await prepareJava();
  const start = (port: number) =>
    startPeer("namesrv", join(home, `ns-${port}`), { listenPort: port });
  const ports = [await freePorts(), await freePorts()];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const namesrvAddr = addresses.join(";");
  const servers = await Promise.all(ports.map(start));
  const master = await startPocketmq([
    ...["--master", "--listenPort", "0", "--brokerIP1", "127.0.0.1"],
    ...["--namesrvAddr", namesrvAddr, "--storePathRootDir", join(home, "store")],
  ]);
  const client = connect(runtime, { namesrvAddr });
  try {
    await newClientServes(namesrvAddr, "at first");
    const traffic = trafficOf(client);
    for (const [i, port] of ports.entries()) {
      await servers[i].end("SIGKILL");
      await newClientServes(namesrvAddr, `${i} dead`);
      servers[i] = await start(port);
      const back = hasBroker(addresses[i]);
      await newClientServes(namesrvAddr, `${i} empty`);
      const ms = await back;
      assert(ms < 10_000, `it got its broker back after ${ms} ms`);
    }
    const { sent, missing } = await traffic.end();
    assert(sent > 100, `${sent} were sent`);
    assertEquals(missing, []);
  } finally {
    await client.close();
    await master.stop();
    await Promise.all(servers.map((server) => server.end("SIGKILL")));
  }
});
