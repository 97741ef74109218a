import { assertEquals, assertThrows } from "@std/assert";
import { onlineText, positionsText, targetOf } from "../../../../src/cli/admin/offset.ts";
import { UsageError } from "../../../../src/cli/exit.ts";
import { test } from "../../../harness.ts";

test("offset set --to takes an end, an entry or a time", () => {
  assertEquals(targetOf("first", 0), "first");
  assertEquals(targetOf("4711", 0), { entry: 4711 });
  assertEquals(targetOf("10m", 1_000_000), { time: 400_000 });
  assertEquals(targetOf("1970-01-01T00:00:01Z", 0), { time: 1_000 });
  assertThrows(() => targetOf("end", 0), UsageError, '"end" is no time');
});

test("offset get shows what is before the group, and where it has no offset", () => {
  const row = { brokerName: "a", queueId: 0, topic: "T", address: "h:1", first: 2, end: 9 };
  assertEquals(
    positionsText([{ ...row, position: 5 }, { ...row, queueId: 1, position: undefined }]),
    "BROKER  QUEUE  FIRST  POSITION  END  BEHIND\n" +
      "a       0      2      5         9    4\n" +
      "a       1      2      -         9    -\n",
  );
});

test("offset set names the consumers that are in the way", () => {
  assertEquals(
    onlineText("g", ["c1", "c2"]),
    'Cannot set its offsets: 2 consumers of group "g" would write theirs over them (c1, c2); stop them first',
  );
});
