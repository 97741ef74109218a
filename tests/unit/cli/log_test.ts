import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../src/cli/exit.ts";
import { log } from "../../../src/cli/log.ts";
import { runVerbs } from "../../../src/cli/verb.ts";
import { FsError } from "../../../src/ports/fs.ts";
import { test } from "../../harness.ts";
import { fakeTerminal } from "../../support/fake_terminal.ts";
import { goldenStore } from "../../support/golden_store.ts";
import type { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `pocketmq log ARGS` on a file system in memory. */
async function run(fs: MemFs, args: readonly string[], isTerminal = false): Promise<Ran> {
  const { terminal, out } = fakeTerminal({ isTerminal });
  const context = { runtime: { ...runtime, fs }, terminal, program: "pocketmq" };
  return { code: await runVerbs(log, context, args, "log"), ...out };
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

const store = () => goldenStore("slave-clean");

test("log verify ends with 0 for a whole store, and shows what it compared", async () => {
  const { code, stdout } = await run(store(), ["verify", "store"]);
  assertEquals(code, 0);
  assertEquals(
    stdout,
    `/store
  log     2 files of 65536 bytes  356 whole records from 0 to 74549
  queues  60                      356 entries fit their records
  index   2 files                 510 items fit their records
  tables  0                       can be read
All fits
`,
  );
});

test("log verify ends with 4 for a damaged one, names the place, and shows --limit of a kind", async () => {
  const fs = store();
  for (const at of [88, 304, 513]) fs.bytes("store/commitlog/00000000000000000000")[at] ^= 1;
  const { code, stdout } = await run(fs, ["verify", "store", "--limit", "1"]);
  assertEquals(code, 4);
  assertMatch(
    stdout,
    /^PROBLEM {2}log {4}\/store\/commitlog\/0{20} at byte 0: the body's CRC differs; the next whole record is 634 bytes on$/m,
  );
  assertStringIncludes(stdout, "more like queue problem");
  const json = await run(fs, ["verify", "store", "--json"]);
  const lines = jsonLines(json.stdout);
  assertEquals([lines[0].part, lines[0].kind, lines[0].logOffset], ["log", "problem", 0]);
  const { ok, problems } = lines.at(-1)!;
  assertEquals([json.code, ok, problems], [
    4,
    false,
    lines.length - 1 - Number(lines.at(-1)!.notes),
  ]);
});

test("log verify --strict counts what a start mends by itself", async () => {
  const fs = goldenStore("master-killed");
  fs.bytes("store/commitlog/00000000000000065536").fill(7, 9500, 9600);
  assertEquals((await run(fs, ["verify", "store"])).code, 0);
  assertEquals((await run(fs, ["verify", "store", "--strict"])).code, 4);
});

for (
  const { name, file, says } of [
    {
      name: "keys that no start finds",
      file: "20261122112217325",
      says: /are missing, until a `log rebuild`\nNo problem; 1 note, which no start mends\n$/,
    },
    {
      name: "keys that a start reads again",
      file: "20261122112257775",
      says: /are missing\nNo problem; 1 note: the next start sees to it\n$/,
    },
  ]
) {
  test(`log verify says whether the next start mends what is noted: ${name}`, async () => {
    const fs = store();
    fs.dir("store/index").remove(file);
    const { code, stdout } = await run(fs, ["verify", "store"]);
    assertEquals(code, 0);
    assertMatch(stdout, says);
    if (!says.source.includes("rebuild")) return;
    assertEquals((await run(fs, ["rebuild", "store"])).code, 0);
    assertMatch((await run(fs, ["verify", "store"])).stdout, /All fits\n$/);
  });
}

test("log verify says that a log without a store has no start", async () => {
  const fs = store();
  fs.bytes("store/commitlog/00000000000000065536").fill(7, 9500, 9600);
  const { code, stdout } = await run(fs, ["verify", "store/commitlog"]);
  assertEquals(code, 0);
  assertMatch(stdout, /No problem; 1 note, which no start mends\n$/);
});

test("log verify takes the folder of a log alone, and a log that lies elsewhere", async () => {
  const alone = await run(store(), ["verify", "store/commitlog"]);
  assertEquals([alone.code, alone.stdout.includes("356 whole records")], [0, true]);
  const fs = store();
  const [first, second] = fs.paths("store/commitlog");
  fs.put("disk1/00000000000000000000", fs.bytes(first));
  fs.put("disk2/00000000000000065536", fs.bytes(second));
  fs.dir("store").remove("commitlog");
  const apart = await run(fs, ["verify", "store", "--storePathCommitLog", "disk1,disk2"]);
  assertEquals([apart.code, apart.stdout.includes("356 entries fit")], [0, true]);
});

test("log verify and stat show how far they are, on a terminal only", async () => {
  for (const verb of ["verify", "stat"]) {
    assertEquals((await run(store(), [verb, "store"])).stderr, "");
    const { stderr } = await run(store(), [verb, "store"], true);
    assertMatch(stderr, /^\r#{15}\.{15} 50 %\r +\r$/);
  }
});

test("log dump lists records in columns, with bodies that steer no terminal", async () => {
  const { code, stdout } = await run(store(), ["dump", "store", "--limit", "2", "--body"]);
  assertEquals(code, 0);
  const [head, first, body, ...more] = stdout.trimEnd().split("\n");
  assertEquals(head, "    LOG OFFSET     SIZE  STORED                    TOPIC/QUEUE/OFFSET");
  assertMatch(
    first,
    /^ {13}0 {6}216 {2}2026-.*Z {2}IT1mwrqz0or4\/2\/0 {2}tag TagA {2}keys \w+ key1$/,
  );
  assertEquals([body.trim(), more.length], ['"hello"', 2]);
});

for (
  const { args, offsets } of [
    { args: ["--topic", "AdminT", "--queue", "3"], offsets: 2 },
    { args: ["--key", "key1"], offsets: 2 },
    { args: ["--key", "FD00000000000000000000000000000212B25FFD2B276E9633800001"], offsets: 1 },
    { args: ["--tag", "TagA", "--limit", "3"], offsets: 3 },
    { args: ["--from", "216", "--to", "634"], offsets: 2 },
    { args: ["--from", "217", "--to", "634"], offsets: 1 },
    { args: ["--from", "74549"], offsets: 0 },
    { args: [], offsets: 356 },
  ]
) {
  test(`log dump ${args.join(" ")} lists ${offsets} records, and nothing else`, async () => {
    const { code, stdout, stderr } = await run(store(), ["dump", "store", "--json", ...args]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.split("\n").length - 1, offsets);
  });
}

test("log dump --json says all of a record", async () => {
  const { stdout } = await run(store(), ["dump", "store", "--limit", "1", "--body", "--json"]);
  const [record] = jsonLines(stdout);
  assertEquals(
    [record.logOffset, record.topic, record.queueId, record.queueOffset, record.tag, record.body],
    [0, "IT1mwrqz0or4", 2, 0, "TagA", "hello"],
  );
  assertEquals(record.storeHost, "127.0.0.1:10911");
});

test("log dump goes on behind damage, says where it was, and ends with 4", async () => {
  const fs = store();
  fs.bytes("store/commitlog/00000000000000000000")[88] ^= 1;
  const { code, stdout, stderr } = await run(fs, ["dump", "store", "--json"]);
  assertEquals([code, stdout.split("\n").length - 1], [4, 355]);
  assertStringIncludes(stderr, "at byte 0: the body's CRC differs; going on 216 bytes later");
});

test("log stat counts by topic, by queue, and as JSON lines", async () => {
  const topics = await run(store(), ["stat", "store"]);
  assertMatch(topics.stdout, /^ {2}records {5}356, 72\.8 KiB, 209 B on average$/m);
  assertMatch(topics.stdout, /^AdminT +4 +9 +1\.9 KiB/m);
  const queues = await run(store(), ["stat", "store", "--queues"]);
  assertMatch(queues.stdout, /^AdminT +0 +0 +3 +3 /m);
  const json = jsonLines((await run(store(), ["stat", "store", "--json"])).stdout);
  assertEquals(json.map(({ kind }) => kind).filter((kind) => kind === "topic").length, 27);
  assertEquals([json[0].kind, json[0].topics, json[0].queues], ["store", 27, 60]);
});

test("log diff ends with 0 for equal logs and with 1 for others, with the record on each side", async () => {
  const fs = store();
  for (const path of fs.paths("store")) fs.put(path.replace("store/", "other/"), fs.bytes(path));
  assertEquals((await run(fs, ["diff", "store", "other"])).code, 0);
  fs.bytes("other/commitlog/00000000000000000000")[88] ^= 1;
  const { code, stdout } = await run(fs, ["diff", "store", "other"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "The first different byte is at 88\nA  ");
  assertStringIncludes(stdout, "B  no whole record at 0: the body's CRC differs");
  const [json] = jsonLines((await run(fs, ["diff", "store", "other", "--json"])).stdout);
  assertEquals(json.equal, false);
  fs.bytes("other/commitlog/00000000000000000000")[88] ^= 1;
  fs.bytes("other/commitlog/00000000000000065536").fill(0, 74242 - 65536);
  const longer = await run(fs, ["diff", "store", "other"]);
  assertEquals(longer.code, 1);
  assertStringIncludes(longer.stdout, "A goes on for 307 bytes behind the end of B");
});

for (
  const { args, says } of [
    { args: [], says: "log needs a word first: dump, verify, stat" },
    { args: ["vrify"], says: 'unknown word "vrify" behind log, did you mean verify?' },
    { args: ["verify"], says: "log verify needs the folder of a store" },
    { args: ["verify", "a", "b"], says: 'log verify does not take "b"' },
    { args: ["diff", "a"], says: "log diff needs the folder of another store" },
    { args: ["stat", "store", "--topic", "T"], says: "unknown flag --topic" },
  ]
) {
  test(`log ${args.join(" ")} is a mistake that is named`, async () => {
    const error = await assertRejects(() => run(store(), args), UsageError);
    assertStringIncludes(error.message, says);
  });
}

test("log says that a folder holds no store", async () => {
  const error = await assertRejects(() => run(store(), ["stat", "nowhere"]), FsError);
  assertStringIncludes(error.message, "no store in nowhere");
});
