import { assertEquals } from "@std/assert";
import type { BrokerHa } from "../../../../src/admin/ha.ts";
import { Exit } from "../../../../src/cli/exit.ts";
import { exitOf, healthJson, healthText } from "../../../../src/cli/health/health_text.ts";
import {
  brokerHealth,
  type NodeHealth,
  type Wanted,
} from "../../../../src/cli/health/node_health.ts";
import type { HaState, HaStatus } from "../../../../src/wire/ha_status.ts";
import { test } from "../../../harness.ts";

const status: HaStatus = {
  master: false,
  masterCommitLogMaxOffset: 9,
  inSyncSlaveNums: 0,
  haConnectionInfo: [],
  haClientRuntimeInfo: {
    masterAddr: "h:2",
    transferredByteInSecond: 0,
    maxOffset: 9,
    lastReadTimestamp: 1,
    lastWriteTimestamp: 1,
    masterFlushOffset: 9,
  },
};
const ha: BrokerHa = {
  status,
  name: "a",
  id: 1,
  role: "SLAVE",
  inSyncReplicas: 2,
  minOffset: 0,
  maxOffset: 9,
  version: "V4_9_7",
};

function slave(state: HaState, wanted: Wanted, reason = ""): NodeHealth {
  const own = { state, since: 1, reason, advice: "", minOffset: 0, maxOffset: 9 };
  const pocketmq = { ...own, masterMinOffset: 0, masterMaxOffset: 9, refused: [] };
  return healthWith({ ha: { ...ha, status: { ...status, pocketmq } } }, wanted);
}

function healthWith(
  facts: Partial<Parameters<typeof brokerHealth>[0]>,
  wanted: Wanted = "ready",
): NodeHealth {
  const plain = { address: "h:1", ha, settings: new Map(), runtime: new Map() };
  return brokerHealth({ ...plain, registered: true, ...facts }, wanted, 1000);
}

test("a slave on its way is alive but not ready, one that waits for a person is neither", () => {
  for (const state of ["IN_SYNC", "CHAINED"] as const) {
    assertEquals(slave(state, "ready").faults, [], state);
  }
  for (const state of ["CONNECTING", "HANDSHAKE", "CATCHING_UP"] as const) {
    assertEquals(slave(state, "alive").faults, [], state);
    assertEquals(slave(state, "ready", "why").faults, [`it is ${state}: why`]);
  }
  for (const state of ["AHEAD", "PURGED", "DIVERGED", "WRONG_FILE_SIZE"] as const) {
    assertEquals(slave(state, "alive", "why").faults, [`it is ${state}: why`]);
  }
});

const master: BrokerHa = { ...ha, id: 0, role: "SYNC_MASTER", status: { ...status, master: true } };

test("a SYNC_MASTER without slaves is alive, and not ready", () => {
  assertEquals(healthWith({ ha: master }, "alive").faults, []);
  assertEquals(healthWith({ ha: master }).faults.length, 1);
  assertEquals(healthWith({ ha: { ...master, role: "ASYNC_MASTER" } }).faults, []);
});

test("a master that stores nothing is not well, one that no name server has is not ready", () => {
  const held = new Map([["storeHeld", "no room"]]);
  const asyncMaster = { ...master, role: "ASYNC_MASTER" };
  const facts = { ha: asyncMaster, runtime: held, registered: "nobody has it" };
  assertEquals(healthWith(facts, "alive").faults, ["it stores nothing: no room"]);
  assertEquals(healthWith(facts).faults, ["it stores nothing: no room", "nobody has it"]);
});

test("a Java broker cannot tell how its replication is, and is not blamed for it", () => {
  assertEquals(healthWith({ ha: { ...master, status: undefined } }).faults, []);
});

const well: NodeHealth = { role: "master", address: "h:1", name: "a", id: 0, faults: [] };
const ill: NodeHealth = { ...well, role: "slave", id: 2, state: "DIVERGED", faults: ["why", "x"] };
const gone: NodeHealth = { ...well, name: undefined, silent: "unreachable", faults: ["not there"] };

test("health is one line, whatever there is to say", () => {
  const namesrv: NodeHealth = { role: "namesrv", address: "h:9", faults: [] };
  assertEquals(healthText([well, namesrv]), "ok: master a at h:1, name server at h:9\n");
  assertEquals(healthText([well, ill]), "slave a-2 at h:1, DIVERGED: why; x\n");
  assertEquals(healthText([gone]), "h:1: not there\n");
  assertEquals(healthJson([well]).startsWith('{"healthy":true,"nodes":[{"role":"master",'), true);
  assertEquals(healthJson([well, ill]).startsWith('{"healthy":false,'), true);
});

test("the exit code says how bad it is", () => {
  assertEquals(exitOf([well]), Exit.OK);
  assertEquals(exitOf([well, ill]), Exit.UNHEALTHY);
  assertEquals(exitOf([ill, { ...gone, silent: "timeout" }]), Exit.TIMEOUT);
  assertEquals(exitOf([ill, { ...gone, silent: "timeout" }, gone]), Exit.FAILED);
});
