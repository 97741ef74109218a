import { assertEquals } from "@std/assert";
import { lookJson, lookText, resyncText } from "../../../src/cli/ha_text.ts";
import { test } from "../../harness.ts";
import { connection, master, NOW, oldJava, refused, slave, unreachable } from "./ha_seen.ts";

test("lookText() shows brokers, then slaves, and says nothing more when all is well", () => {
  const { text, exit } = lookText([master("SYNC_MASTER", [connection()]), slave("IN_SYNC")], NOW);
  assertEquals(
    text,
    `\
BROKER    ID  ADDRESS         ROLE         STATE    LOG      BEHIND  RATE       SLAVES
broker-a  0   10.0.0.5:10911  SYNC_MASTER  MASTER   0..5000  -       2.0 KiB/s  1 of 1 in sync
broker-a  1   10.0.0.6:10911  SLAVE        IN_SYNC  0..5000  0 B     1.0 KiB/s  0

MASTER          SLAVE           ACKNOWLEDGED  BEHIND  RATE       IN SYNC
10.0.0.5:10911  10.0.0.7:40000  5000          0 B     2.0 KiB/s  yes
`,
  );
  assertEquals(exit, 0);
});

test("lookText() says of a slave that stopped why, and the command that helps, whole", () => {
  const { text, exit } = lookText([
    slave("DIVERGED", {
      reason: "the master has other bytes than we have at 4711: two histories",
      advice: "run \`pocketmq ha resync\` on this slave: it keeps our tail",
    }),
  ], NOW);
  assertEquals(
    text,
    `\
BROKER    ID  ADDRESS         ROLE   STATE     LOG      BEHIND  RATE       SLAVES
broker-a  1   10.0.0.6:10911  SLAVE  DIVERGED  0..5000  0 B     1.0 KiB/s  0

10.0.0.6:10911, DIVERGED for 90 s:
  the master has other bytes than we have at 4711: two histories
  run \`pocketmq ha resync -b 10.0.0.6:10911\` on this slave: it keeps our tail
`,
  );
  assertEquals(exit, 4);
});

test("lookText() says how long a slave that copies will need", () => {
  const { text, exit } = lookText([slave("CATCHING_UP", { masterMaxOffset: 5_000 + 61_440 })], NOW);
  assertEquals(
    text.split("\n").slice(3),
    [
      "10.0.0.6:10911, CATCHING_UP for 90 s:",
      "  60.0 KiB are left to copy, 60 s at this rate",
      "",
    ],
  );
  assertEquals(exit, 3);
});

test("lookText() compares Java's 4.9 brokers by their logs' ends", () => {
  const seen = [oldJava(0), oldJava(1, 5_000), unreachable(1), oldJava(1, 0)];
  const { text, exit } = lookText(seen, NOW);
  const [, first, second, third, fourth] = text.split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(first.slice(3, 7), ["SYNC_MASTER", "UNKNOWN", "0..9000", "-"]);
  assertEquals(second.slice(3, 7), ["SLAVE", "UNKNOWN", "0..5000", "3.9 KiB"]);
  assertEquals(fourth.slice(5, 7), ["empty", "8.8 KiB"]);
  assertEquals(third.slice(2, 5), ["10.0.0.9:10911", "-", "UNREACHABLE"]);
  assertEquals(exit, 1);
});

test("lookJson() gives one object a broker, with the body of 907", () => {
  const seen = [master("SYNC_MASTER", [connection()], { refused: [refused("AHEAD", 1)] })];
  const { text, exit } = lookJson([...seen, unreachable(124)], NOW);
  const [first, second] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([first.name, first.id, first.role, first.health], [
    "broker-a",
    0,
    "SYNC_MASTER",
    "refused",
  ]);
  assertEquals([first.haConnectionInfo[0].slaveAckOffset, first.pocketmq.refused[0].kind], [
    5_000,
    "AHEAD",
  ]);
  assertEquals([second.address, second.health], ["10.0.0.9:10911", "unreachable"]);
  assertEquals(exit, 4);
});

test("resyncText() says what was cut and where it is kept", () => {
  const report = { state: "DONE", step: "FOLLOWING", cutAt: 4_096, end: 6_144 } as const;
  assertEquals(
    resyncText({ ...report, copied: 2_048, total: 2_048, folder: "/s/diverged/4096" }),
    "The log was cut at 4096; it ended at 6144. 2.0 KiB that differ are kept in /s/diverged/4096.\n" +
      "The slave follows its master again; pocketmq ha status shows how far it is.\n",
  );
  assertEquals(
    resyncText({ ...report, copied: 0, total: 0, folder: "" }),
    "The log was not cut: nothing in it differs. It ends at 6144.\n",
  );
});
