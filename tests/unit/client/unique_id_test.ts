import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { UniqueIds } from "../../../src/client/unique_id.ts";
import type { Clock } from "../../../src/ports/host.ts";
import { test } from "../../harness.ts";

function idsAt(time: { ms: number }): UniqueIds {
  const clock = { now: () => time.ms } as Clock;
  return new UniqueIds({
    addresses: () => ["10.0.0.2"],
    processId: 0x12345,
    random: (into) => void into.fill(0xab),
    clock,
  });
}

test("next() draws address, process, chance, time of the month and count", () => {
  const ids = idsAt({ ms: Date.UTC(2026, 4, 1) + 0x01020304 });
  assertEquals(ids.next(), "0A0000022345ABABABAB010203040000");
  assertEquals(ids.next(), "0A0000022345ABABABAB010203040001");
});

test("next() starts the time again with the month, also when the clock goes back", () => {
  const time = { ms: Date.UTC(2026, 4, 31, 23, 59, 59, 999) };
  const ids = idsAt(time);
  assertEquals(ids.next().slice(20, 28), (31 * 86_400_000 - 1).toString(16).toUpperCase());
  time.ms++;
  assertEquals(ids.next().slice(20, 28), "00000000");
  time.ms -= 1;
  assertEquals(ids.next().slice(20, 28), (31 * 86_400_000 - 1).toString(16).toUpperCase());
});

test("next() repeats nothing within 65536 messages of one millisecond", () => {
  const ids = idsAt({ ms: 1_700_000_000_000 });
  const seen = new Set(Array.from({ length: 65536 }, () => ids.next()));
  assertEquals(seen.size, 65536);
  for (const id of [...seen].slice(0, 3)) assertMatch(id, /^[0-9A-F]{32}$/);
  assertNotEquals(ids.next(), undefined);
});
