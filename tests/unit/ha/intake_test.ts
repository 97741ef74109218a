import { assertEquals } from "@std/assert";
import { Intake } from "../../../src/ha/intake.ts";
import type { Transfer } from "../../../src/ha/frames.ts";
import { test } from "../../harness.ts";
import { FakeLog, fakeStore, noise } from "../../support/fake_log.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { message, openIn, textsOf } from "../../support/store.ts";

/** `bytes` as transfers that begin at `from`, none over a file's end. */
function transfersOf(
  bytes: Uint8Array,
  { from = 0, step, fileBytes }: { from?: number; step: number; fileBytes: number },
): Transfer[] {
  const transfers: Transfer[] = [];
  for (let at = from; at < bytes.length;) {
    const end = Math.min(bytes.length, at + step, at - at % fileBytes + fileBytes);
    transfers.push({ logOffset: at, body: bytes.subarray(at, end) });
    at = end;
  }
  return transfers;
}

test("one read is one append a file, whatever it was cut into", () => {
  const log = new FakeLog(1000);
  const bytes = noise(2500);
  const intake = new Intake(fakeStore(log));
  const transfers = transfersOf(bytes, { step: 300, fileBytes: 1000 });
  const beat = { logOffset: 1600, body: new Uint8Array(0) };
  assertEquals(intake.append([...transfers.slice(0, 6), beat]), 1600);
  intake.derive();
  assertEquals(intake.append(transfers.slice(6)), 900);
  assertEquals(log.bytes, bytes);
  assertEquals(log.appends, [
    { logOffset: 0, length: 1000 },
    { logOffset: 1000, length: 600 },
    { logOffset: 1600, length: 400 },
    { logOffset: 2000, length: 500 },
  ]);
});

test("what was derived is let go, the rest is offered again with what follows it", () => {
  const log = new FakeLog(1 << 20);
  const offered: [number, Uint8Array][] = [];
  let known = 0;
  const store = {
    ...fakeStore(log),
    derive(logOffset: number, bytes: Uint8Array) {
      offered.push([logOffset, bytes.slice()]);
      return known;
    },
  };
  const intake = new Intake(store);
  const bytes = noise(400_000);
  const take = (from: number, to: number, derivedTo: number) => {
    intake.append([{ logOffset: from, body: bytes.subarray(from, to) }]);
    known = derivedTo;
    intake.derive();
    return offered.pop();
  };
  assertEquals(take(0, 1000, 900), [0, bytes.slice(0, 1000)]);
  assertEquals(take(1000, 1500, 1500), [900, bytes.slice(900, 1500)]);
  assertEquals(take(1500, 2000, 300), [1500, bytes.slice(1500, 2000)]); // it does something else now
  assertEquals(take(2000, 300_000, 300), [1500, bytes.slice(1500, 300_000)]);
  const kept = 300_000 - 128 * 1024; // memory is bounded
  assertEquals(take(300_000, 400_000, 400_000), [kept, bytes.slice(kept, 400_000)]);
  assertEquals(log.bytes, bytes);
});

test("an intake goes on where the log begins anew", () => {
  const log = new FakeLog(1000);
  const intake = new Intake(fakeStore(log));
  intake.append([{ logOffset: 3000, body: noise(10) }]);
  assertEquals([log.minOffset, log.tail], [3000, 3010]);
});

for (const step of [100, 1_000, 32_768, 500_000]) {
  test(`records that come ${step} bytes at a time reach their queues, over file ends too`, async () => {
    const options = { logFileBytes: 1 << 20, maxMessageBytes: 1 << 19 };
    await using master = await openIn(new MemFs(), options);
    const sizes = [10, 5_000, 300_000, 20, 200_000, 500_000, 90_000, 30, 200_000, 40];
    for (const [i, size] of sizes.entries()) {
      master.append(message({ text: String(i).padEnd(size, "x"), queueId: i % 2 }));
    }
    master.commit();
    const { tail, fileBytes } = master.log;
    const bytes = new Uint8Array(tail);
    for (let at = 0; at < tail;) at += master.log.readAt(at, bytes.subarray(at));
    await using slave = await openIn(new MemFs(), options);
    const intake = new Intake(slave);
    for (const transfer of transfersOf(bytes, { step, fileBytes })) {
      intake.append([transfer]);
      intake.derive();
    }
    await slave.dispatch.reached(tail);
    await master.dispatch.reached(tail);
    for (const id of [0, 1]) assertEquals(textsOf(slave, "T1", id), textsOf(master, "T1", id));
  });
}
