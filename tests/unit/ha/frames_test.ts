import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import {
  decodeReports,
  decodeTransfers,
  encodeReport,
  encodeTransfer,
  type Transfer,
  TRANSFER_BODY_BYTES_MAX,
  writeTransferHeader,
} from "../../../src/ha/frames.ts";
import { test } from "../../harness.ts";
import { goldenBytes } from "../../support/golden.ts";

/** What a decoder makes of the chunks: one batch each. */
async function batches<T>(
  decoder: TransformStream<Uint8Array, T[]>,
  chunks: Uint8Array[],
): Promise<T[][]> {
  const given: T[][] = [];
  const source = new ReadableStream<Uint8Array>({
    start(out) {
      for (const chunk of chunks) out.enqueue(chunk);
      out.close();
    },
  });
  for await (const batch of source.pipeThrough(decoder)) given.push(batch);
  return given;
}

async function all<T>(
  decoder: TransformStream<Uint8Array, T[]>,
  chunks: Uint8Array[],
): Promise<T[]> {
  return (await batches(decoder, chunks)).flat();
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) cut.push(bytes.subarray(at, at + size));
  return cut;
}

function encoded(transfers: Transfer[]): Uint8Array {
  return concat(transfers.map(encodeTransfer));
}

for (const session of ["ha-session-1", "ha-session-2"]) {
  const master = goldenBytes(`ha/${session}.master.bin`);
  const slave = goldenBytes(`ha/${session}.slave.bin`);

  test(`decodeTransfers() gives ${session} back byte for byte, in chunks of any size`, async () => {
    for (const size of [1, 3, 7, 11, 12, 13, 1000, 32768, master.length]) {
      const transfers = await all(decodeTransfers(), pieces(master, size));
      assertEquals(encoded(transfers), master, `chunks of ${size}`);
    }
  });

  test(`decodeTransfers() gives ${session} back when it is cut once, all over`, async () => {
    const whole = await all(decodeTransfers(), [master]);
    const step = Math.max(1, Math.floor(master.length / 2000));
    for (let cut = 1; cut < master.length; cut += step) {
      const transfers = await all(decodeTransfers(), [
        master.subarray(0, cut),
        master.subarray(cut),
      ]);
      assertEquals(transfers.length, whole.length, `cut at ${cut}`);
      assertEquals(transfers.at(-1), whole.at(-1), `cut at ${cut}`);
    }
  });

  test(`decodeTransfers() gives the chunks of ${session} back and looks at none again`, async () => {
    for (const size of [1, 3, 11, 12, 13, 1000, 32768, master.length]) {
      const chunks = pieces(master, size).map((piece) => piece.slice());
      const back: Uint8Array[] = [];
      const decoder = decodeTransfers((chunk) => {
        back.push(chunk);
        chunk.fill(0xee);
      });
      const used: Uint8Array[] = []; // what a reader made of each batch before it asked for the next
      const source = ReadableStream.from(chunks);
      for await (const batch of source.pipeThrough(decoder)) used.push(encoded(batch));
      assertEquals(concat(used), master, `chunks of ${size}`);
      assertEquals(back, chunks.slice(0, -1));
    }
  });

  test(`decodeTransfers() finds ${session} without a gap`, async () => {
    const transfers = await all(decodeTransfers(), [master]);
    let next = transfers[0].logOffset;
    for (const { logOffset, body } of transfers) {
      assertEquals(logOffset, next);
      next += body.length;
    }
    assert(next > transfers[0].logOffset);
  });

  test(`decodeReports() gives the reports of ${session}, growing, in chunks of any size`, async () => {
    const whole = await all(decodeReports(), [slave]);
    assertEquals(whole.length, slave.length / 8);
    for (let i = 1; i < whole.length; i++) assert(whole[i] >= whole[i - 1]);
    assertEquals(concat(whole.map(encodeReport)), slave);
    for (const size of [1, 3, 5, 8, 9]) {
      assertEquals(await all(decodeReports(), pieces(slave, size)), whole);
    }
  });
}

test("decodeReports() gives one report for 3 + 5 bytes, and an empty batch for the 3", async () => {
  const report = encodeReport(69632);
  assertEquals(report, new Uint8Array([0, 0, 0, 0, 0, 1, 0x10, 0]));
  assertEquals(await batches(decodeReports(), [report.subarray(0, 3), report.subarray(3)]), [
    [],
    [69632],
  ]);
});

test("decodeReports() gives negative reports and those beyond 2^53 as what they are", async () => {
  const all64 = new Uint8Array(8).fill(255);
  const high = new Uint8Array([0x10, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(await all(decodeReports(), [all64, high, encodeReport(-4096)]), [
    -1,
    2 ** 60,
    -4096,
  ]);
});

test("decodeTransfers() gives all transfers of one chunk as one batch", async () => {
  const first = encodeTransfer({ logOffset: 0, body: new Uint8Array(100) });
  const beat = encodeTransfer({ logOffset: 100, body: new Uint8Array(0) });
  const given = await batches(decodeTransfers(), [concat([first, beat, beat])]);
  assertEquals(given.map((batch) => batch.map((one) => one.body.length)), [[100, 0, 0]]);
});

test("decodeTransfers() copies only a body that was split between chunks", async () => {
  const chunk = encodeTransfer({ logOffset: 0, body: new Uint8Array(100) });
  const [whole] = await all(decodeTransfers(), [chunk]);
  assertEquals(whole.body.buffer, chunk.buffer);
  const [joined] = await all(decodeTransfers(), pieces(chunk, 50));
  assert(joined.body.buffer !== chunk.buffer);
});

for (const size of [-1, -2147483648, TRANSFER_BODY_BYTES_MAX + 1, 2147483647]) {
  test(`decodeTransfers() refuses a size of ${size} as soon as the header is there`, async () => {
    const header = new Uint8Array(12);
    writeTransferHeader(new DataView(header.buffer), 0, 4096, size);
    await assertRejects(
      () => all(decodeTransfers(), [header]),
      WireError,
      `transfer at 4096 of ${size} bytes`,
    );
  });
}

test("decodeTransfers() takes the largest body there may be", async () => {
  const body = new Uint8Array(TRANSFER_BODY_BYTES_MAX);
  body[body.length - 1] = 7;
  const bytes = encodeTransfer({ logOffset: 0, body });
  const [transfer] = await all(decodeTransfers(), pieces(bytes, 65536));
  assertEquals(transfer.body.length, TRANSFER_BODY_BYTES_MAX);
  assertEquals(transfer.body.at(-1), 7);
});
