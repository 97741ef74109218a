import { assert, assertEquals } from "@std/assert";
import { utf8 } from "../../../../src/base/bytes.ts";
import { StoredStore } from "../../../../src/store/inspect/stored.ts";
import { type Verdict, verifyStore } from "../../../../src/store/inspect/verify.ts";
import { test } from "../../../harness.ts";
import { GOLDEN_STORES, goldenStore } from "../../../support/golden_store.ts";
import type { MemFs } from "../../../support/mem_fs.ts";
import { runtime } from "../../../support/runtime.ts";
import { message, openIn } from "../../../support/store.ts";

const LOG = "store/commitlog/00000000000000000000";
const LAST_LOG = "store/commitlog/00000000000000065536";
const QUEUE = "store/consumequeue/AdminT/0/00000000000000000000";
/** Where the body of the first golden record lies, and how much the log holds. */
const BODY_AT = 88;
const END = 74549;

function verdictOf(fs: MemFs): Verdict {
  const root = fs.dir("store");
  using store = new StoredStore({ root, logDirs: [root.child("commitlog")] });
  return verifyStore(store, runtime.codecs, { keep: 10 });
}

/** Findings as "kind part: text". */
function said({ findings }: Verdict): string[] {
  return findings.kept.map(({ kind, part, text }) => `${kind} ${part}: ${text}`);
}

for (const name of GOLDEN_STORES) {
  test(`verifyStore() finds a Java broker's store whole: ${name}`, () => {
    const verdict = verdictOf(goldenStore(name));
    // the capture has text in place of one index file: check_index_test.ts
    assertEquals(said(verdict).filter((line) => !line.includes(" index: ")), []);
    assertEquals(verdict.log.records, 356);
    assertEquals(verdict.log.end, END);
    assertEquals(verdict.queues, { count: 60, goodEntries: 356 });
    assertEquals(verdict.isOpen, name === "master-killed");
  });
}

for (
  const { name, damage, says, records = 356, from = "slave-clean" } of [
    {
      name: "a bit of a body",
      damage: (fs: MemFs) => fs.bytes(LOG)[BODY_AT] ^= 1,
      says: ["problem log: the body's CRC differs; the next whole record is"],
      records: 355,
    },
    {
      name: "a body of a queue that goes on",
      damage: (fs: MemFs) => fs.bytes(LOG)[216 + BODY_AT] ^= 1,
      says: ["problem log: the body's CRC differs", "problem queue: no record of it lies at 216"],
      records: 355,
    },
    {
      name: "a record's own offset",
      damage: (fs: MemFs) => fs.bytes(LOG)[35] ^= 1,
      says: ["problem log: the record says it lies at 1; the next whole record is"],
      records: 355,
    },
    {
      name: "a stretch of zeros within the log",
      damage: (fs: MemFs) => fs.bytes(LOG).fill(0, 0, 5000),
      says: ["problem log: nothing is there; the next whole record is 5066 bytes on"],
      records: 332,
    },
    {
      name: "a file that is missing",
      damage: (fs: MemFs) => fs.dir("store/commitlog").remove("00000000000000000000"),
      says: [],
      records: 39,
    },
    {
      name: "the last record cut short after a clean stop",
      damage: (fs: MemFs) => fs.bytes(LAST_LOG).fill(0, END - 65536 - 40),
      says: ["problem log: the log is damaged to its end: the properties end in zeros"],
      records: 355,
    },
    {
      name: "the last record cut short by a kill",
      from: "master-killed" as const,
      damage: (fs: MemFs) => fs.bytes(LAST_LOG).fill(0, END - 65536 - 40),
      says: [
        "note log: the log ends here, torn: the properties end in zeros",
        "note queue: it points to",
      ],
      records: 355,
    },
    {
      name: "a file made ahead that a crash left without its size",
      from: "master-killed" as const,
      damage: (fs: MemFs) => fs.file("store/commitlog/00000000000000131072").apply({ size: 0 }),
      says: ["note log: it has 0 bytes, the longest has 65536"],
    },
    {
      name: "garbage behind the end",
      damage: (fs: MemFs) => fs.bytes(LAST_LOG).fill(7, END - 65536 + 100, END - 65536 + 200),
      says: ["note log: the log ends here, torn: nothing is there, but bytes follow"],
    },
    {
      name: "an entry's log offset",
      damage: (fs: MemFs) => fs.bytes(QUEUE)[7] ^= 1,
      says: ["problem queue: it points to"],
    },
    {
      name: "an entry's size",
      damage: (fs: MemFs) => fs.bytes(QUEUE)[11] ^= 1,
      says: ["problem queue: it says"],
    },
    {
      name: "an entry's tags code",
      damage: (fs: MemFs) => fs.bytes(QUEUE)[19] ^= 1,
      says: ["problem queue: its tags code is"],
    },
    {
      name: "the queue of a record",
      damage: (fs: MemFs) => fs.dir("store/consumequeue/AdminT").remove("0"),
      says: ["problem queue: the record at"],
    },
    {
      name: "an entry of no record at a queue's end",
      damage: (fs: MemFs) => fs.bytes(QUEUE).set(utf8("\0\0\0\0\0\0\0\x09\0\0\0\x79"), 60),
      says: ["note queue: no record of it lies at 9"],
    },
    {
      name: "a log file cut short",
      damage: (fs: MemFs) => fs.file(LOG).apply({ size: 60000 }),
      says: ["problem log: it has 60000 bytes, the longest has 65536", "problem log:"],
      records: 329,
    },
    {
      name: "a checkpoint cut short",
      damage: (fs: MemFs) => fs.file("store/checkpoint").apply({ size: 20 }),
      says: ["problem checkpoint: it has 20 bytes"],
    },
    {
      name: "a table that is no table, with none before it",
      damage: (fs: MemFs) => fs.put("store/config/topics.json", utf8('{"topicConfigTable":{')),
      says: ["problem table: "],
    },
    {
      name: "a table cut short, with the one before it",
      damage: (fs: MemFs) => {
        fs.put("store/config/delayOffset.json", utf8('{"offsetTab'));
        fs.put("store/config/delayOffset.json.bak", utf8('{"offsetTable":{1:7}}'));
      },
      says: ["note table: "],
    },
  ]
) {
  test(`verifyStore() says what is wrong: ${name}`, () => {
    const fs = goldenStore(from ?? "slave-clean");
    damage(fs);
    const verdict = verdictOf(fs);
    const lines = said(verdict);
    for (const text of says) {
      assert(lines.some((line) => line.startsWith(text)), `${text}\n${lines.join("\n")}`);
    }
    assertEquals(verdict.log.records, records);
    const wrong = says.some((text) => text.startsWith("problem"));
    assertEquals(verdict.findings.problems > 0, wrong, lines.join("\n"));
  });
}

test("verifyStore() finds no fault with a store that a broker writes to", async () => {
  const fs = goldenStore("slave-clean");
  await using store = await openIn(fs);
  for (let i = 0; i < 50; i++) {
    store.append(message({ topic: "AdminT", text: `m${i}`, properties: "TAGS\x01TagA" }));
    store.commit();
    const verdict = verdictOf(fs);
    assertEquals(verdict.findings.problems, 0, said(verdict).join("\n"));
    assertEquals(verdict.log.records, 357 + i);
  }
});

test("verifyStore() finds our store whole after a clean stop", async () => {
  const fs = goldenStore("master-killed");
  const store = await openIn(fs);
  for (let i = 0; i < 3000; i++) store.append(message({ queueId: i % 3, text: `m${i}` }));
  store.commit();
  await store.close();
  const verdict = verdictOf(fs);
  assertEquals(said(verdict), []);
  assertEquals(verdict.log.records, 3356);
});
