/** Topics, groups, offsets and delay progress, copied by our slave from a Java master and the other way round. */
import {
  assertEquals,
  assertGreater,
  assertLess,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RequestCode } from "../../src/wire/codes.ts";
import { parseHaStatus } from "../../src/wire/ha_status.ts";
import { parseDelayTable } from "../../src/wire/tables.ts";
import { LONG } from "../support/seeds.ts";
import { mqadmin } from "./mqadmin.ts";
import { Pair, type PairOptions } from "./pair.ts";
import { javaReader } from "./readers.ts";
import { rows } from "./rows.ts";
import { lazily } from "./suite.ts";

const PAIRS = [
  { name: "our slave of a Java master", master: "java", slave: "ours" },
  { name: "a Java slave of our master", master: "ours", slave: "java" },
] as const;

/** Slaves ask every 10 s, so these wait most of the time. */
const row = rows("java", "ours");

/** Two rounds of a slave that asks every 10 s, and then some. */
const ROUNDS_MS = 25_000;

for (const { name, master, slave } of PAIRS) {
  const test = row[master];
  const pair = lazily(async () => {
    const made = await Pair.make({ master, slave });
    await made.master.start();
    await made.slave.start();
    return made;
  });

  test(`${name}: topics and groups arrive, changes too, and go when they are deleted`, async () => {
    const cluster = await pair();
    const admin = adminOf(cluster);
    const broker = ["-b", `127.0.0.1:${cluster.master.port}`];
    await admin("updateTopic", ...broker, "-t", "Made", "-r", "3", "-w", "2", "-p", "4");
    await admin("updateTopic", ...broker, "-t", "Stays", "-r", "1", "-w", "1");
    await admin("updateSubGroup", ...broker, "-g", "MadeGroup", "-r", "5", "-q", "2");
    const topic = await cluster.until("the topic on the slave", () => on(cluster, "Made"));
    assertEquals([topic.readQueueNums, topic.writeQueueNums, topic.perm], [3, 2, 4]);
    const group = await cluster.until(
      "the group on the slave",
      () => cluster.group(cluster.slave, "MadeGroup"),
    );
    assertEquals([group.retryMaxTimes, group.retryQueueNums], [5, 2]);
    await admin("updateTopic", ...broker, "-t", "Made", "-r", "6", "-w", "2", "-p", "4");
    await cluster.until(
      "the change on the slave",
      async () => (await on(cluster, "Made"))?.readQueueNums === 6,
    );
    await admin("deleteTopic", "-n", cluster.namesrv, "-c", "DefaultCluster", "-t", "Made");
    await admin("deleteSubGroup", ...broker, "-g", "MadeGroup");
    await cluster.until("the topic to go", async () => await on(cluster, "Made") === undefined);
    await cluster.until(
      "the group to go",
      async () => await cluster.group(cluster.slave, "MadeGroup") === undefined,
    );
    assertEquals((await on(cluster, "Stays"))?.topicName, "Stays");
  });

  test(`${name}: a group's offsets arrive, also when an operator takes them back`, async () => {
    const cluster = await pair();
    await stock(cluster, "Offsets", 30);
    await cluster.commit(cluster.master, "G", "Offsets", 20);
    await cluster.until("the offset", () => isAt(cluster, "G", "Offsets", 20));
    await cluster.commit(cluster.master, "G", "Offsets", 4);
    await cluster.until("the offset that went back", () => isAt(cluster, "G", "Offsets", 4));
  });

  test(`${name}: delay progress arrives, in the slave's file too`, async () => {
    const cluster = await pair();
    await cluster.send("Delayed", "later", "DELAY\x011");
    assertEquals(await cluster.until("delay progress", () => delayOn(cluster)), new Map([[1, 1]]));
  });

  if (master === "ours") {
    test(`${name}: consumers get what a topic has since it was made again, and the slave takes its settings`, async () => {
      const cluster = await pair();
      const admin = adminOf(cluster);
      const make = ["-b", `127.0.0.1:${cluster.master.port}`, "-t", "Again", "-r", "1", "-w", "1"];
      await admin("updateTopic", ...make);
      await stock(cluster, "Again", 30);
      const running = await javaReader(cluster, { group: "Running", topic: "Again" });
      running.allow(2); // it pulls a few ahead, and has most still to read
      await cluster.until("its first messages", () => running.got.length === 2);
      await admin("deleteTopic", "-n", cluster.namesrv, "-c", "DefaultCluster", "-t", "Again");
      await admin("updateTopic", ...make);
      const status = await admin("topicStatus", "-n", cluster.namesrv, "-t", "Again");
      assertMatch(status, /^broker-a +0 +30 +30 *$/m);
      for (const body of ["new 1", "new 2", "new 3"]) await cluster.send("Again", body);
      const fresh = await javaReader(cluster, { group: "Fresh", topic: "Again" });
      fresh.allow(100);
      running.allow(100);
      const due = ["new 1", "new 2", "new 3"];
      await cluster.until("the new messages", () => fresh.got.length >= 3);
      await cluster.until("the new messages", () => running.got.includes("new 3"));
      assertEquals([fresh.got, running.got.slice(-3)], [due, due]);
      assertLess(running.got.length, 33);
      await Promise.all([fresh.end(), running.end()]);
      await admin("updateTopic", ...make.slice(0, 4), "-r", "4", "-w", "4");
      await cluster.until(
        "the settings on the slave",
        async () => (await on(cluster, "Again"))?.readQueueNums === 4,
      );
    });

    test(`${name}: it asks for topics on our listenPort - 2`, async () =>
      assertGreater(connectionsTo((await pair()).master.port - 2), 0));
  }

  test(`${name}: the pair ends`, async () => await (await pair())[Symbol.asyncDispose]());
}

/** A pair whose slave has some messages and then gets no more, while a group on the master goes on. */
async function stalled(options: PairOptions): Promise<Pair> {
  const cluster = await Pair.start(options);
  await stock(cluster, "Late", 10);
  await cluster.commit(cluster.master, "G", "Late", 5);
  await cluster.until("the first offset", () => isAt(cluster, "G", "Late", 5));
  cluster.gate.close();
  for (let n = 0; n < 50; n++) await cluster.send("Late", `${n}`);
  await cluster.commit(cluster.master, "G", "Late", 60);
  return cluster;
}

row.java(
  "control: a Java slave whose HA stream stalls has offsets of messages it has not",
  async () => {
    await using cluster = await stalled({ master: "java", slave: "java" });
    await cluster.until("an offset beyond the queue", () => isAt(cluster, "G", "Late", 60));
    assertEquals(await cluster.queueEnd(cluster.slave, "Late"), 10);
  },
);

for (const master of LONG ? ["java", "ours"] as const : ["java"] as const) {
  row.java(
    `our slave of ${
      master === "ours" ? "our" : "a Java"
    } master: offsets wait for the messages they point at`,
    async () => {
      await using cluster = await stalled({ master, slave: "ours" });
      for (const end = Date.now() + ROUNDS_MS; Date.now() < end;) {
        const offset = await cluster.offset(cluster.slave, "G", "Late");
        assertLessOrEqual(offset!, await cluster.queueEnd(cluster.slave, "Late"));
        assertEquals(offset, 5);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      assertEquals(await cluster.queueEnd(cluster.slave, "Late"), 10, "the link stalled");
      cluster.gate.open();
      await cluster.until("the offset, behind its messages", () => isAt(cluster, "G", "Late", 60));
      assertEquals(await cluster.queueEnd(cluster.slave, "Late"), 60);
    },
  );

  row.ours(
    `our slave of ${
      master === "ours" ? "our" : "a Java"
    } master: offsets made on it while the master was away are not lost`,
    async () => {
      await using cluster = await Pair.start({ master, slave: "ours" });
      await stock(cluster, "Away", 40);
      await cluster.commit(cluster.master, "G", "Away", 10);
      await cluster.until("the offset", () => isAt(cluster, "G", "Away", 10));
      await cluster.master.end("SIGKILL");
      await cluster.commit(cluster.slave, "G", "Away", 30);
      await cluster.master.start();
      await cluster.until(
        "the master to hear how far the group came",
        async () => await cluster.offset(cluster.master, "G", "Away") === 30,
      );
      assertEquals(await cluster.offset(cluster.slave, "G", "Away"), 30);
      await cluster.commit(cluster.master, "G", "Away", 3); // an operator's reset counts again
      await cluster.until("the reset", () => isAt(cluster, "G", "Away", 3));
    },
  );
}

for (const master of LONG ? ["java", "ours"] as const : []) {
  const whose = master === "ours" ? "our" : "a Java";

  row.java(
    `our slave of ${whose} master that lost its tables keeps them, and gives offsets back`,
    async () => {
      await using cluster = await Pair.start({ master, slave: "ours" });
      await stock(cluster, "Kept", 10);
      await cluster.commit(cluster.master, "G", "Kept", 7);
      await cluster.until("the offset", () => isAt(cluster, "G", "Kept", 7));
      await cluster.until("the topic", () => on(cluster, "Kept"));
      await cluster.master.end("SIGTERM");
      rmSync(join(cluster.master.folder, "config"), { recursive: true });
      await cluster.master.start();
      await cluster.send("New", "makes a topic, and a newer table");
      await cluster.until("the new topic", () => on(cluster, "New"));
      assertEquals((await on(cluster, "Kept"))?.topicName, "Kept");
      await cluster.until(
        "the offset at the master",
        async () => await cluster.offset(cluster.master, "G", "Kept") === 7,
      );
      assertEquals(await cluster.offset(cluster.slave, "G", "Kept"), 7);
    },
  );

  row.ours(`our slave of ${whose} master that began anew is AHEAD and takes no table`, async () => {
    await using cluster = await Pair.start({ master, slave: "ours" });
    await stock(cluster, "Kept", 10);
    await cluster.commit(cluster.master, "G", "Kept", 7);
    await cluster.until("the offset", () => isAt(cluster, "G", "Kept", 7));
    await cluster.master.end("SIGKILL");
    rmSync(cluster.master.folder, { recursive: true });
    await cluster.master.start();
    await cluster.send("Foreign", "of another history");
    await cluster.until("the state", async () => await stateOf(cluster) === "AHEAD");
    await cluster.commit(cluster.master, "G", "Kept", 1);
    await new Promise((resolve) => setTimeout(resolve, ROUNDS_MS));
    assertEquals(await stateOf(cluster), "AHEAD");
    assertEquals(await on(cluster, "Foreign"), undefined);
    assertEquals(await cluster.offset(cluster.slave, "G", "Kept"), 7);
  });
}

row.ours("mqadmin resetOffsetByTime at a Java master reaches our slave", async () => {
  await using cluster = await Pair.start({ master: "java", slave: "ours" });
  const wanted = { group: "G", topic: "Reset" };
  await stock(cluster, "Reset", 20);
  const reader = await javaReader(cluster, wanted);
  reader.allow(20);
  await cluster.until("the offset", () => isAt(cluster, "G", "Reset", 20));
  const reset = ["-g", "G", "-t", "Reset", "-s", "0", "-f", "true"];
  const admin = adminOf(cluster); // it fails while the broker has not heard of the consumer
  await cluster.until(
    "mqadmin to name the queues it reset",
    async () =>
      (await admin("resetOffsetByTime", "-n", cluster.namesrv, ...reset)).includes("broker-a"),
  );
  await cluster.until(
    "the reset at the master",
    async () => await cluster.offset(cluster.master, "G", "Reset") === 0,
  );
  await cluster.until("the reset", () => isAt(cluster, "G", "Reset", 0));
  await reader.end();
});

/** Messages in queue 0 that the slave has, too. */
async function stock(cluster: Pair, topic: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await cluster.send(topic, `${n}`);
  await cluster.until(
    "the messages on the slave",
    async () => await cluster.queueEnd(cluster.slave, topic) === count,
  );
}

function on(cluster: Pair, topic: string) {
  return cluster.topic(cluster.slave, topic);
}

async function isAt(cluster: Pair, group: string, topic: string, offset: number) {
  return await cluster.offset(cluster.slave, group, topic) === offset;
}

/** What the slave says of itself: 907. */
async function stateOf(cluster: Pair): Promise<string | undefined> {
  const request = { code: RequestCode.GET_BROKER_HA_STATUS };
  return parseHaStatus((await cluster.ask(cluster.slave, request)).body).pocketmq?.state;
}

function adminOf(cluster: Pair): (...args: string[]) => Promise<string> {
  return (...args) => mqadmin(join(cluster.home, "mqadmin"), args);
}

const DELAY_FILE = "config/delayOffset.json";

/** What the slave's file says; undefined while it says nothing. */
// deno-lint-ignore require-await -- fails as the others do
async function delayOn({ slave }: Pair): Promise<ReadonlyMap<number, number> | undefined> {
  const table = parseDelayTable(readFileSync(join(slave.folder, DELAY_FILE), "utf8"));
  return table.size > 0 ? table : undefined;
}

/** Established connections to a port of this machine. */
function connectionsTo(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8").split("\n").filter((line) => {
      const [, , remote, state] = line.trim().split(/\s+/);
      return remote?.endsWith(`:${hex}`) && state === "01";
    })
  ).length;
}
