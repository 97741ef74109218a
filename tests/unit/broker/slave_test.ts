import { assertEquals, assertStringIncludes } from "@std/assert";
import { follow } from "../../../src/broker/slave.ts";
import type { Net } from "../../../src/ports/net.ts";
import { NetError } from "../../../src/ports/net.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { addressText } from "../../../src/wire/host_address.ts";
import { test } from "../../harness.ts";
import { brokerRig } from "../../support/broker_rig.ts";

/** A slave that follows, and whom it tried to reach so far. */
async function setUp(flags: Record<string, string> = {}) {
  const rig = await brokerRig({ role: "slave", flags });
  const dials: string[] = [];
  const net: Net = {
    dial: (to) => {
      dials.push(addressText(to));
      return Promise.reject(new NetError("refused", "nobody there"));
    },
    listen: () => Promise.reject(new Error("a slave only dials here")),
  };
  const { clock } = rig;
  const peers = new Redial({ net, clock }, silentLog);
  const runtime = { ...rig.parts.runtime, net };
  const own = { broker: { host: "10.0.0.9", port: 10911 } };
  const following = follow({ ...rig.parts, runtime }, peers, own);
  const stop = new AbortController();
  const running = following.run(stop.signal);
  const dialled = () => [...new Set(dials.splice(0))].sort();
  const end = async () => {
    stop.abort();
    await Promise.all([running, clock.advance(1)]);
    peers.close();
    await rig.close();
    assertEquals(clock.waiting, 0);
  };
  return { rig, clock, following, dialled, end };
}

test("follow() dials nobody before it knows a master", async () => {
  const { clock, following, dialled, end } = await setUp();
  await clock.advance(4_000);
  assertEquals(following.view().reason, "");
  await clock.advance(26_000);
  assertEquals(dialled(), []);
  assertStringIncludes(following.view().reason, "no name server knows a master");
  await end();
});

test("follow() goes where the name servers say, also when that changes or ends", async () => {
  const { clock, following, dialled, end } = await setUp();
  following.masterIs({ masterAddr: "10.0.0.1:10911", haServerAddr: "10.0.0.1:10912" });
  await clock.advance(20_000);
  // topics are asked for at the fast port, and Java masters have the rest on the broker's; without an answer
  // there nothing is reported to the HA port
  assertEquals(dialled(), ["10.0.0.1:10909", "10.0.0.1:10911"]);
  assertEquals(following.status.state, "HANDSHAKE");
  assertStringIncludes(following.view().reason, "10.0.0.1:10911");
  following.masterIs({ masterAddr: "10.0.0.2:10911", haServerAddr: "10.0.0.2:10912" });
  await clock.advance(20_000);
  assertEquals(dialled(), ["10.0.0.2:10909", "10.0.0.2:10911"]);
  following.masterIs({ masterAddr: undefined, haServerAddr: undefined });
  await clock.advance(20_000);
  assertEquals(dialled(), ["10.0.0.2:10911"], "the log may still be copied, tables not");
  await end();
});

test("follow() goes by the stream alone when it is told to, and says so once", async () => {
  const { clock, following, dialled, end } = await setUp({ haProof: "stream" });
  following.masterIs({ masterAddr: "10.0.0.1:10911", haServerAddr: "10.0.0.1:10912" });
  await clock.advance(20_000);
  assertEquals(dialled(), ["10.0.0.1:10909", "10.0.0.1:10911", "10.0.0.1:10912"]);
  assertEquals(following.status.state, "CONNECTING");
  await end();
});

test("follow() does not follow itself, whatever a name server remembers of it", async () => {
  const { clock, following, dialled, end } = await setUp();
  following.masterIs({ masterAddr: "10.0.0.9:10911", haServerAddr: "10.0.0.9:10912" });
  await clock.advance(20_000);
  assertEquals(dialled(), []);
  await end();
});

test("follow() copies the log from a given haMasterAddress, whatever name servers say", async () => {
  const { clock, following, dialled, end } = await setUp({
    haMasterAddress: "10.0.0.7:7000",
    haProof: "stream",
  });
  await clock.advance(20_000);
  // no name server needed: its broker port is right below, until one says otherwise
  assertEquals(dialled(), ["10.0.0.7:6997", "10.0.0.7:6999", "10.0.0.7:7000"]);
  following.masterIs({ masterAddr: "10.0.0.1:10911", haServerAddr: "10.0.0.1:10912" });
  await clock.advance(20_000);
  assertEquals(dialled(), ["10.0.0.1:10909", "10.0.0.1:10911", "10.0.0.7:7000"]);
  await end();
});

test("follow() does not guess the broker port beside haMasterAddress when a name server names it", async () => {
  const { clock, following, dialled, end } = await setUp({ haMasterAddress: "10.0.0.7:7000" });
  await clock.advance(100); // as long as a registration takes
  following.masterIs({ masterAddr: "10.0.0.1:10911", haServerAddr: "10.0.0.1:10912" });
  await clock.advance(20_000);
  assertEquals(dialled(), ["10.0.0.1:10909", "10.0.0.1:10911"]);
  await end();
});

test("follow() ends when it is told to", async () => {
  const { following, end } = await setUp({ haMasterAddress: "10.0.0.7:7000" });
  following.masterIs({ masterAddr: "10.0.0.1:10911", haServerAddr: undefined });
  await end();
});
