import { assert, assertEquals, assertRejects } from "@std/assert";
import { viewOf, writeInt64 } from "../../../../src/base/bytes.ts";
import { CorruptLogError } from "../../../../src/base/errors.ts";
import { writeCheckpoint } from "../../../../src/store/checkpoint.ts";
import { test } from "../../../harness.ts";
import { MemFs } from "../../../support/mem_fs.ts";
import { Lines, message, openIn, textsOf } from "../../../support/store.ts";

const LOG = "store/commitlog/";
const FIRST = `${LOG}00000000000000000000`;
const SECOND = `${LOG}00000000000000065536`;
const THIRD = `${LOG}00000000000000131072`;

/** A store of `count` messages "0", "1", … and where their records end. */
async function stored(count: number, bodyBytes = 1): Promise<{ fs: MemFs; ends: number[] }> {
  const fs = new MemFs();
  await using store = await openIn(fs);
  const ends: number[] = [];
  for (let i = 0; i < count; i++) {
    const text = String(i).padEnd(bodyBytes, " ");
    ends.push(store.append(message({ text, properties: "TAGS\x01TagA" })).end);
  }
  store.commit();
  return { fs, ends };
}

/** As if the process had died while it was open. */
function crashed(fs: MemFs): MemFs {
  fs.put("store/abort", new Uint8Array(0));
  return fs;
}

function withoutCheckpoint(fs: MemFs): MemFs {
  fs.dir("store").remove("checkpoint");
  return fs;
}

async function opened(fs: MemFs): Promise<{ texts: string[]; lines: string[]; tail: number }> {
  const lines = new Lines();
  await using store = await openIn(fs, {}, lines);
  const texts = textsOf(store, "T1", 0).map((text) => text.trim());
  assertEquals(store.nextQueueOffset("T1", 0), texts.length);
  assertEquals(store.dispatch.position, store.log.tail);
  return { texts, lines: lines.lines, tail: store.log.tail };
}

const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

// A record of these is 105 bytes: body at 88, length of the topic at 89, topic at 90, properties at 94.
for (
  const { name, damage, kept, reason } of [
    { name: "nothing", damage: () => {}, kept: 10 },
    {
      name: "last record cut short",
      damage: (file: Uint8Array) => file.fill(0, 1025, 1030),
      kept: 9,
      reason: "the properties end in zeros",
    },
    {
      name: "last record cut in its topic",
      damage: (file: Uint8Array) => file.fill(0, 927 + 91, 1030),
      kept: 9,
      reason: "properties of 0 bytes, 9 are left",
    },
    {
      name: "last record cut in its head",
      damage: (file: Uint8Array) => file.fill(0, 927 + 30, 1030),
      kept: 9,
      reason: "properties of 0 bytes, 12 are left",
    },
    {
      name: "one bit flipped in the last body",
      damage: (file: Uint8Array) => file[927 + 88] ^= 1,
      kept: 9,
      reason: "the body's CRC differs",
    },
    {
      name: "one bit flipped in a body before it",
      damage: (file: Uint8Array) => file[515 + 88] ^= 1,
      kept: 5,
      reason: "the body's CRC differs",
    },
    {
      name: "a magic",
      damage: (file: Uint8Array) => file[515 + 4] = 0,
      kept: 5,
      reason: "magic is 0xa320a7",
    },
    {
      name: "a size that reaches over the file's end",
      damage: (file: Uint8Array) => viewOf(file).setInt32(515, 65_100),
      kept: 5,
      reason: "size is 65100, from 91 to 65013 would be possible",
    },
    {
      name: "a negative size",
      damage: (file: Uint8Array) => viewOf(file).setInt32(515, -1),
      kept: 5,
      reason: "size is -1",
    },
    {
      name: "a record of another place",
      damage: (file: Uint8Array) => file.copyWithin(515, 412, 515),
      kept: 5,
      reason: "the record says it lies at 412",
    },
    {
      name: "filler that is no filler",
      damage: (file: Uint8Array) => viewOf(file).setInt32(515 + 4, 0xcbd43194 | 0),
      kept: 5,
      reason: "filler of 103 bytes, 65021 are left",
    },
    {
      name: "a page of zeros",
      damage: (file: Uint8Array) => file.fill(0, 515, 618),
      kept: 5,
      reason: "bytes behind it are no record",
    },
    {
      name: "garbage behind the end",
      damage: (file: Uint8Array) => file.fill(7, 1030, 1100),
      kept: 10,
      reason: "magic is 0x7070707",
    },
  ] as { name: string; damage: (file: Uint8Array) => unknown; kept: number; reason?: string }[]
) {
  test(`after a crash whole records count: ${name}`, async () => {
    const { fs, ends } = await stored(10);
    assertEquals(ends[9], 1030);
    damage(fs.bytes(FIRST));
    const { texts, lines } = await opened(crashed(withoutCheckpoint(fs)));
    assertEquals(texts, upTo(kept));
    const end = kept === 0 ? 0 : ends[kept - 1];
    assertEquals(lines.length, reason === undefined ? 0 : 1);
    if (reason !== undefined) {
      assert(
        lines[0].startsWith(
          `warn log cut behind its last whole record {"logOffset":${end},"reason":"${reason}`,
        ),
        lines[0],
      );
    }
    assert(fs.bytes(FIRST).subarray(end).every((byte) => byte === 0), "zeros follow");
    assertEquals((await opened(fs)).texts, upTo(kept), "and it stays so");
  });
}

test("a cut log goes on where it was cut, and nothing cut comes back", async () => {
  const { fs } = await stored(10);
  fs.bytes(FIRST)[515 + 88] ^= 1;
  {
    await using store = await openIn(crashed(withoutCheckpoint(fs)));
    // exactly as long as the record that was cut: the next one would follow it
    assertEquals(store.append(message({ text: "n", properties: "TAGS\x01TagA" })).queueOffset, 5);
    store.commit();
  }
  assertEquals((await opened(crashed(withoutCheckpoint(fs)))).texts, [...upTo(5), "n"]);
});

test("files behind the cut are removed, and that is said", async () => {
  const { fs } = await stored(200, 1000);
  fs.bytes(SECOND)[88] ^= 1; // its first body
  const { texts, lines, tail } = await opened(crashed(withoutCheckpoint(fs)));
  assertEquals(tail, 65536);
  assertEquals(lines.length, 1);
  assertEquals(texts, upTo(texts.length));
  assertEquals(fs.paths(LOG), [FIRST]);
});

test("a file made ahead is removed, without a word", async () => {
  for (const crash of [true, false]) {
    const { fs } = await stored(10);
    fs.put(SECOND, new Uint8Array(65536));
    if (crash) crashed(fs);
    assertEquals(await opened(fs), { texts: upTo(10), lines: [], tail: 1030 });
    assertEquals(fs.paths(LOG), [FIRST]);
  }
});

test("a file that a crash left without its size gets it", async () => {
  const { fs, ends } = await stored(10);
  fs.put(SECOND, new Uint8Array(0));
  assertEquals((await opened(crashed(fs))).texts, upTo(10));
  fs.put(FIRST, fs.bytes(FIRST).subarray(0, ends[7]));
  assertEquals((await opened(crashed(withoutCheckpoint(fs)))).texts, upTo(8));
  assertEquals(fs.bytes(FIRST).length, 65536);
});

test("crash recovery begins at the last file the checkpoint vouches for", async () => {
  const { fs } = await stored(200, 1000);
  const safe = 1_900_000_000_000;
  await writeCheckpoint(fs.dir("store"), { physicMs: safe, logicsMs: safe, indexMs: 0 });
  fs.bytes(FIRST)[70_000 % 65536 + 88] ^= 1; // not looked at
  fs.bytes(FIRST)[5_000] ^= 1;
  assertEquals((await opened(crashed(fs))).texts.length, 200);
});

test("damage below where recovery begins refuses the start and changes nothing", async () => {
  const { fs } = await stored(200, 1000);
  const safe = 1_900_000_000_000;
  await writeCheckpoint(fs.dir("store"), { physicMs: safe, logicsMs: safe, indexMs: 0 });
  crashed(fs).bytes(SECOND)[4] ^= 1;
  const error = await assertRejects(() => openIn(fs), CorruptLogError);
  assertEquals(error.file, "/store/commitlog/00000000000000065536");
  assertEquals(error.offset, 0);
  assert(error.message.includes('"pocketmq log verify /store" lists the damage'), error.message);
  assertEquals(fs.open, 0);
  assert(fs.dir("store").stat("abort"));
  fs.bytes(SECOND)[4] ^= 1;
  assertEquals((await opened(fs)).texts.length, 200);
});

test("a log file that is missing between others refuses the start", async () => {
  const { fs } = await stored(200, 1000);
  fs.dir("store/commitlog").remove("00000000000000065536");
  const error = await assertRejects(() => openIn(fs), CorruptLogError);
  assert(error.message.includes("the next file is 00000000000000131072"), error.message);
});

test("damage in a store that was closed is never cut when files follow it", async () => {
  const { fs } = await stored(200, 1000);
  fs.dir("store").remove("consumequeue"); // so that everything is scanned
  fs.bytes(FIRST)[5_000] ^= 1;
  const before = fs.paths(LOG).map((path) => fs.bytes(path).slice());
  const error = await assertRejects(() => openIn(fs), CorruptLogError);
  assert(error.message.includes("the body's CRC differs"), error.message);
  assertEquals(fs.paths(LOG).map((path) => fs.bytes(path)), before);
});

test("after a clean stop only the end is looked at", async () => {
  const { fs } = await stored(200, 1000);
  fs.bytes(FIRST)[5_000] ^= 1;
  fs.bytes(THIRD)[5_000] ^= 1;
  assertEquals((await opened(fs)).texts.length, 200);
});

test("after a clean stop a torn last record is cut", async () => {
  const { fs, ends } = await stored(10);
  fs.bytes(FIRST).fill(0, ends[8] + 95, ends[9]);
  const { texts, lines } = await opened(fs);
  assertEquals(texts, upTo(9));
  assertEquals(lines.length, 1);
});

test("a slave's log ends behind its last whole record", async () => {
  const { fs: master, ends } = await stored(10);
  for (const length of [ends[9] - 1, ends[8] + 5, ends[8] + 94]) {
    const fs = new MemFs();
    {
      await using slave = await openIn(fs);
      slave.appendRaw(0, master.bytes(FIRST).subarray(0, length));
    }
    const { texts, tail } = await opened(fs);
    assertEquals([texts.length, tail], [9, ends[8]]);
  }
});

test("queues that are gone are made again", async () => {
  const { fs } = await stored(200, 1000);
  fs.dir("store").remove("consumequeue");
  assertEquals((await opened(fs)).texts, upTo(200));
});

test("queues without a log are dropped", async () => {
  const { fs } = await stored(10);
  fs.dir("store").remove("commitlog");
  assertEquals((await opened(fs)).texts, []);
  assertEquals(fs.paths("store/consumequeue"), []);
});

test("entries a Java broker left behind a queue's end are dropped", async () => {
  const { fs, ends } = await stored(10);
  const view = viewOf(fs.bytes("store/consumequeue/T1/0/00000000000000000000"));
  for (const [n, logOffset] of [[10, ends[3] + 1], [11, 900]]) {
    writeInt64(view, n * 20, logOffset);
    view.setInt32(n * 20 + 8, 100);
  }
  assertEquals((await opened(fs)).texts, upTo(10));
});
