import { assertEquals } from "@std/assert";
import { textOf } from "../../../../src/base/bytes.ts";
import { FilterTable } from "../../../../src/broker/filter/filter_table.ts";
import type { Subscription } from "../../../../src/wire/heartbeat.ts";
import { test } from "../../../harness.ts";
import { VirtualClock } from "../../../support/clock.ts";
import { goldenBytes } from "../../../support/golden.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Lines } from "../../../support/store.ts";

const FILE = "/config/consumerFilter.json";
const DAY_MS = 24 * 3_600_000;

function sql(topic: string, subString: string, subVersion: number): Subscription {
  return {
    topic,
    subString,
    subVersion,
    codes: new Set(),
    tags: [],
    expressionType: "SQL92",
    classFilterMode: false,
  };
}

class Scene {
  readonly clock: VirtualClock;
  readonly fs: MemFs;
  readonly table: FilterTable;
  readonly online = new Set<string>();

  constructor({ clock = new VirtualClock(), fs = new MemFs() } = {}) {
    this.clock = clock;
    this.fs = fs;
    this.table = new FilterTable({ dir: fs.dir("/config"), clock, log: new Lines() });
    this.table.load((group) => this.online.has(group));
  }

  /** A heartbeat of a group; expressions with "!" do not compile. */
  says(group: string, ...told: Subscription[]): void {
    const wasOnline = this.online.has(group);
    this.online.add(group);
    const compiles = (text: string) => !text.includes("!");
    this.table.heartbeat(group, told, { wasOnline, compiles });
  }

  of(topic = "T", group = "G") {
    const data = this.table.of(group, topic);
    return data && [data.expression, data.clientVersion, data.deadTime > 0 ? "dead" : "alive"];
  }
}

// Asked of Java's ConsumerFilterManager; where it keeps an old expression of a dead group, ours takes the new one.
for (
  const { name, told, kept } of [
    { name: "the same again", told: sql("T", "a > 1", 10), kept: ["a > 1", 10, "alive"] },
    { name: "the same version, another expression", told: sql("T", "b", 10), kept: ["a > 1", 10] },
    { name: "an older version", told: sql("T", "b", 9), kept: ["a > 1", 10] },
    { name: "a newer version of the same", told: sql("T", "a > 1", 11), kept: ["a > 1", 11] },
    { name: "a newer one", told: sql("T", "b", 11), kept: ["b", 11] },
    { name: "a newer one that does not compile", told: sql("T", "!", 11), kept: undefined },
    { name: "an older one that does not compile", told: sql("T", "!", 9), kept: ["a > 1", 10] },
    { name: "another topic", told: sql("U", "b", 11), kept: ["a > 1", 10, "dead"] },
  ]
) {
  test(`a heartbeat of a living group: ${name}`, () => {
    const scene = new Scene();
    scene.says("G", sql("T", "a > 1", 10));
    scene.says("G", told);
    assertEquals(scene.of(), kept && [...kept, "alive"].slice(0, 3));
  });
}

for (const [version, goneMs] of [[9, 10_000], [10, 10_000], [11, 10_000], [9, 1]]) {
  test(`a group that was gone for ${goneMs} ms comes back with version ${version} after 10: it counts`, async () => {
    const scene = new Scene();
    scene.says("G", sql("T", "a > 1", 10));
    scene.online.delete("G");
    await scene.clock.advance(goneMs);
    assertEquals(scene.of(), ["a > 1", 10, goneMs < 10_000 ? "alive" : "dead"]);
    scene.says("G", sql("T", "b", version));
    assertEquals(scene.of(), ["b", version, "alive"]);
  });
}

test("a filter stays for a day after its group has gone", async () => {
  const scene = new Scene();
  scene.says("G", sql("T", "a > 1", 1));
  const pass = (ms: number) => {
    scene.clock.pause(ms - 10_000); // no look each 10 s on the way
    return scene.clock.advance(10_000);
  };
  await pass(2 * DAY_MS);
  assertEquals(scene.of(), ["a > 1", 1, "alive"]);
  scene.online.delete("G");
  await pass(20_000);
  await pass(DAY_MS - 10_000);
  assertEquals(scene.of(), ["a > 1", 1, "dead"]);
  await pass(20_000);
  assertEquals(scene.of(), undefined);
  await scene.clock.advance(10_000);
  assertEquals(textOf(scene.fs.bytes(FILE)).replace(/\s/g, ""), '{"filterDataByTopic":{}}');
});

test("filters are on the disk 10 s after a heartbeat, and there after a restart; nobody is online", async () => {
  const [clock, fs] = [new VirtualClock(), new MemFs()];
  const before = new Scene({ clock, fs });
  before.says("G", sql("T", "a > 1", 7));
  before.says("H", sql("T", "b = 'x'", 8));
  await clock.advance(10_000);
  const after = new Scene({ fs });
  assertEquals(after.of(), ["a > 1", 7, "dead"]);
  assertEquals(after.of("T", "H"), ["b = 'x'", 8, "dead"]);
});

test("the filters of a stopped Java broker are taken over and written again", async () => {
  const fs = new MemFs();
  fs.put(FILE, goldenBytes("config/consumerFilter.json"));
  const clock = new VirtualClock();
  const scene = new Scene({ clock, fs });
  const topic = "IT7mwrqz0or4";
  const expression = "(a BETWEEN 5 AND 14 AND c IN ('even')) OR a = 29";
  assertEquals(scene.of(topic, "C7_mwrqz0or4"), [expression, 1795346540914, "dead"]);
  scene.says("C7_mwrqz0or4", sql(topic, expression, 1795346540914));
  await scene.table.flush();
  const theirs = JSON.parse(textOf(goldenBytes("config/consumerFilter.json")));
  const { groupFilterData } = theirs.filterDataByTopic[topic];
  Object.assign(groupFilterData.C7_mwrqz0or4, { dead: false, deadTime: 0 });
  assertEquals(JSON.parse(textOf(fs.bytes(FILE))), theirs);
});

test("filters beyond 16 MiB of text are not kept, and that is said", () => {
  const log = new Lines();
  const dir = new MemFs().dir("/config");
  const table = new FilterTable({ dir, clock: new VirtualClock(), log });
  const text = "x".repeat(1024 * 1024);
  const many = Array.from({ length: 17 }, (_, i) => sql(`T${i}`, text, 1));
  table.heartbeat("G", many, { wasOnline: false, compiles: () => true });
  assertEquals([table.of("G", "T15") !== undefined, table.of("G", "T16")], [true, undefined]);
  assertEquals(log.lines.length, 1);
});
