import { assertEquals, assertStringIncludes } from "@std/assert";
import { exitOf, type Health, judge, type Seen } from "../../../src/cli/ha_health.ts";
import type { HaState } from "../../../src/wire/ha_status.ts";
import { test } from "../../harness.ts";
import { connection, master, NOW, oldJava, refused, slave, unreachable } from "./ha_seen.ts";

for (
  const { state, health } of [
    { state: "CONNECTING", health: "behind" },
    { state: "HANDSHAKE", health: "behind" },
    { state: "CATCHING_UP", health: "behind" },
    { state: "IN_SYNC", health: "ok" },
    { state: "CHAINED", health: "ok" },
    { state: "AHEAD", health: "refused" },
    { state: "PURGED", health: "refused" },
    { state: "DIVERGED", health: "refused" },
    { state: "WRONG_FILE_SIZE", health: "refused" },
  ] as const satisfies readonly { state: HaState; health: Health }[]
) {
  test(`a slave that is ${state} is ${health}`, () => {
    assertEquals(judge(slave(state), NOW), { health, notes: [] });
  });
}

test("a slave says why and what to do", () => {
  const seen = slave("DIVERGED", { reason: "other bytes at 7", advice: "look at it" });
  assertEquals(judge(seen, NOW).notes, ["other bytes at 7", "look at it"]);
});

for (
  const { name, seen, health } of [
    {
      name: "SYNC_MASTER with its slave",
      seen: master("SYNC_MASTER", [connection()]),
      health: "ok",
    },
    { name: "SYNC_MASTER without a slave", seen: master("SYNC_MASTER", []), health: "behind" },
    { name: "ASYNC_MASTER without a slave", seen: master("ASYNC_MASTER", []), health: "ok" },
    {
      name: "master of a slave that is far behind",
      seen: master("ASYNC_MASTER", [connection({ inSync: false })]),
      health: "behind",
    },
    {
      name: "SYNC_MASTER that needs two slaves and has one",
      seen: master("SYNC_MASTER", [connection()], { inSyncReplicas: 3 }),
      health: "behind",
    },
    {
      name: "master that refuses a slave",
      seen: master("SYNC_MASTER", [connection()], { refused: [refused("FOREIGN", 59)] }),
      health: "refused",
    },
    {
      name: "master that refused a slave which came back no more",
      seen: master("SYNC_MASTER", [connection()], { refused: [refused("FOREIGN", 61)] }),
      health: "ok",
    },
    {
      name: "master that somebody sent garbage to",
      seen: master("SYNC_MASTER", [connection()], { refused: [refused("BAD", 1)] }),
      health: "ok",
    },
  ] as const satisfies readonly { name: string; seen: Seen; health: Health }[]
) {
  test(`a ${name} is ${health}`, () => assertEquals(judge(seen, NOW).health, health));
}

test("a master says who was refused and what it lacks", () => {
  const { notes } = judge(master("SYNC_MASTER", [], { refused: [refused("FOREIGN", 10)] }), NOW);
  assertEquals(notes, [
    "refused 10.0.0.7:11011 as FOREIGN at 2026-01-31T11:59:50.000Z: it holds other bytes",
    "a SYNC_MASTER with inSyncReplicas 2 needs 1 slave in sync and has 0: it stores what is sent " +
    "and answers SLAVE_NOT_AVAILABLE",
  ]);
});

test("a Java 4.9 broker is told to be one", () => {
  const { health, notes } = judge(oldJava(0), NOW);
  assertEquals(health, "unknown");
  assertStringIncludes(
    notes[0],
    "this broker 4.9.7 knows no request for it (907 is answered with code 3",
  );
});

for (
  const { name, seen, exit } of [
    {
      name: "all in sync",
      seen: [master("SYNC_MASTER", [connection()]), slave("IN_SYNC")],
      exit: 0,
    },
    { name: "one behind", seen: [slave("IN_SYNC"), slave("CATCHING_UP")], exit: 3 },
    { name: "one diverged, one unreachable", seen: [unreachable(1), slave("DIVERGED")], exit: 4 },
    { name: "one unreachable, one behind", seen: [unreachable(1), slave("CONNECTING")], exit: 1 },
    { name: "one silent", seen: [unreachable(124), slave("IN_SYNC")], exit: 124 },
    { name: "a Java 4.9 master alone", seen: [oldJava(0)], exit: 1 },
    { name: "a Java 4.9 master whose slave tells", seen: [oldJava(0), slave("IN_SYNC")], exit: 0 },
    {
      name: "a Java 4.9 master whose slave is behind",
      seen: [oldJava(0), slave("HANDSHAKE")],
      exit: 3,
    },
    {
      name: "a Java 4.9 master of another group",
      seen: [
        { ...oldJava(0), registered: { cluster: "C", name: "broker-b", id: 0 } },
        slave("IN_SYNC"),
      ],
      exit: 1,
    },
  ] as const satisfies readonly { name: string; seen: readonly Seen[]; exit: number }[]
) {
  test(`exit code ${exit}: ${name}`, () => {
    const brokers = seen.map((one) => ({ seen: one, health: judge(one, NOW).health }));
    assertEquals(exitOf(brokers), exit);
  });
}
