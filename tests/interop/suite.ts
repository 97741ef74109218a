import { assert, assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sameBytes, viewOf } from "../../src/base/bytes.ts";
import { itemPlace, readIndexHeader } from "../../src/store/index/index_layout.ts";
import { test } from "../harness.ts";
import { type By, INDEX_SHAPE, type Role, Trio } from "./trio.ts";
import { prepareJava, type ScenarioOrder, type ScenarioRun, startScenarios } from "./java.ts";
import { AFTER_DEATH, BEFORE_DEATH, BINARY_SCENARIOS, SCENARIOS } from "./scenarios.ts";
import { compareFolders } from "./stores.ts";

/** A value made at the first question, so that any one test of a file can run alone. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** Three processes that several tests of a file use in turn; the first test to ask starts them. */
export function sharedTrio(
  by: Record<Role, By>,
  config: Readonly<Record<string, string | number>> = {},
): () => Promise<Trio> {
  return lazily(async () => {
    await prepareJava();
    return await Trio.start(by, config);
  });
}

/** A client that can be told which scenarios to run. */
export type ScenarioClient = (order: ScenarioOrder) => ScenarioRun | Promise<ScenarioRun>;

/** A test for each scenario; the client runs them all in one process, started by the first test. */
export function testScenarios(
  name: string,
  trio: () => Promise<Trio>,
  run: string,
  scenarios: Readonly<Record<string, string>>,
  headers: "JSON" | "ROCKETMQ" = "JSON",
  client: ScenarioClient = startScenarios,
): () => Promise<ScenarioRun> {
  const program = lazily(async (): Promise<ScenarioRun> => {
    const { home, node } = await trio().then((one) => ({
      home: one.home,
      node: one.node("namesrv"),
    }));
    const logs = join(home, `client-${run}`);
    return client({
      namesrv: node.address,
      run,
      home: logs,
      scenarios: Object.keys(scenarios),
      headers,
    });
  });
  for (const [scenario, says] of Object.entries(scenarios)) {
    test(`${name}: ${says}`, async () => {
      const line = await (await program()).line(scenario);
      assert(line.ok, `${scenario}: ${line.error}\n${(await trio()).said()}`);
    });
  }
  return program;
}

/** The named scenarios with what they say. */
export function pick(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, SCENARIOS[name]]));
}

/** Asserts that both stores hold the same log and the same queues, and that there is something in them. */
export function assertSameStores(
  trio: Trio,
  parts: readonly string[] = ["commitlog", "consumequeue"],
): void {
  for (const part of parts) {
    const [master, slave] = (["master", "slave"] as const).map((role) =>
      join(trio.home, role, part)
    );
    const { difference, chunks } = compareFolders(master, slave);
    assertEquals(difference, undefined, `${part}: the slave's differs`);
    assert(chunks > 0, `${part}: nothing in it`);
  }
}

/**
 * Asserts that both stores have the same key index, whoever made it. Files are named after the time of their
 * making; and Java counts the seconds of a later file's first item from the end of the file before it.
 */
export function assertSameIndexes(trio: Trio): void {
  const [master, slave] = (["master", "slave"] as const).map((role) => {
    const folder = join(trio.home, role, "index");
    return readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)));
  });
  assertEquals(slave.length, master.length, "files of the index");
  assert(master.length > 0);
  for (const [i, bytes] of master.entries()) {
    for (const file of [bytes, slave[i]]) {
      file.fill(0, itemPlace(INDEX_SHAPE, 1) + 12, itemPlace(INDEX_SHAPE, 1) + 16);
    }
    assertEquals(readIndexHeader(viewOf(slave[i])), readIndexHeader(viewOf(bytes)), `file ${i}`);
    assert(sameBytes(slave[i], bytes), `file ${i} of the index differs`);
  }
}

/** Everything we show of three processes, from the first send to the master's death. */
export function testTrio(name: string, by: Record<Role, By>): void {
  const trio = sharedTrio(by);
  testScenarios(name, trio, "json", SCENARIOS);
  testScenarios(`${name}, binary headers`, trio, "binary", pick(BINARY_SCENARIOS), "ROCKETMQ");

  test(`${name}: stopped, the slave's log and queues equal the master's`, async () => {
    const pair = await trio();
    const codes = [
      await pair.node("master").end("SIGTERM"),
      await pair.node("slave").end("SIGTERM"),
    ];
    if (by.master !== "java") assertEquals(codes, [0, 0], pair.said());
    assertSameStores(pair);
    assertSameIndexes(pair);
  });

  test(`${name}: master and slave start again on their stores`, async () => {
    const pair = await trio();
    await pair.start("master", by.master);
    await pair.start("slave", by.slave);
  });

  testScenarios(`${name}, before the master dies`, trio, "death", BEFORE_DEATH);
  test(`${name}: the master is killed`, async () =>
    void await (await trio()).node("master").end("SIGKILL"));
  testScenarios(`${name}, after kill -9 of the master`, trio, "death", AFTER_DEATH);

  test(`${name}: after the kill, both logs are still equal`, async () => {
    const pair = await trio();
    await pair.node("slave").end("SIGTERM");
    assertSameStores(pair, ["commitlog"]);
    await pair.close();
  });
}
