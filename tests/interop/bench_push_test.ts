/**
 * A SYNC_MASTER of Java's takes the first report of any connection as an acknowledgement. `pocketmq bench
 * replicate` reports to it, and no send may be told that a slave has it.
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerHa } from "../../src/admin/ha.ts";
import { silentLog } from "../../src/base/log.ts";
import { encodeReport } from "../../src/ha/frames.ts";
import { Redial } from "../../src/rpc/redial.ts";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { sendRequest } from "../support/cluster.ts";
import { freePorts } from "../support/free_ports.ts";
import { runtime } from "../support/runtime.ts";
import { startPeer } from "./java.ts";

const TIMED_OUT = 12;
const NO_SLAVE = 11;
/** Of sends that wait for a slave; shorter than a default one. */
const SLAVE_TIMEOUT_MS = 3_000;

test("bench replicate acknowledges nothing to a Java SYNC_MASTER without a slave", async () => {
  const home = mkdtempSync(join(tmpdir(), "pocketmq-bench-push-"));
  const listenPort = await freePorts();
  const broker = `127.0.0.1:${listenPort}`;
  const peer = await startPeer("broker", home, {
    brokerName: "lone",
    brokerId: 0,
    brokerRole: "SYNC_MASTER",
    listenPort,
    brokerIP1: "127.0.0.1",
    brokerIP2: "127.0.0.1",
    namesrvAddr: "127.0.0.1:1",
    storePathRootDir: join(home, "store"),
    storePathCommitLog: join(home, "store/commitlog"),
    slaveTimeout: SLAVE_TIMEOUT_MS,
    brokerFastFailureEnable: "false", // on a busy machine it turns sends away, which is not what is tested here
    osPageCacheBusyTimeOutMills: 10_000,
  });
  const calls = new Redial(runtime, silentLog);
  const send = async () => (await calls.call(broker, sendRequest("T", "hello"), 20_000)).code;
  const replicate = (...flags: string[]) =>
    runPocketmq(["bench", "replicate", "-b", broker, "--yes", "--json", ...flags], {
      endsWithinMs: 60_000,
    });
  try {
    assertEquals(await send(), NO_SLAVE);

    const pushed = replicate("--again", "--seconds", "4");
    const codes: number[] = [];
    while (!codes.includes(TIMED_OUT) && codes.length < 1000) codes.push(await send());
    for (let i = 0; i < 3; i++) codes.push(await send());
    assertEquals(codes.filter((code) => code !== NO_SLAVE && code !== TIMED_OUT), []);
    const { code, stdout, stderr } = await pushed;
    assertEquals(code, 0, stderr);
    assert(JSON.parse(stdout).passes > 0, stdout);

    // Somebody is connected, so these wait; what is reported meanwhile lies behind the first of them.
    using idle = await runtime.net.dial(
      { host: "127.0.0.1", port: listenPort + 1 },
      { timeoutMs: 3_000 },
    );
    while (await send() === NO_SLAVE); // Java has not seen the connection yet
    const waiting = [send(), send()];
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { maxOffset } = await brokerHa(calls, broker);
    const near = replicate("--from", String(maxOffset - 1));
    assertEquals(await Promise.all(waiting), [TIMED_OUT, TIMED_OUT]);
    assertEquals((await near).code, 0);

    // And so that this shows something: what a report at the log's end does there.
    const fooled = send();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { maxOffset: end } = await brokerHa(calls, broker);
    await idle.writable.getWriter().write(encodeReport(end));
    assertEquals(await fooled, 0);
  } finally {
    calls.close();
    await peer.end("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
});
