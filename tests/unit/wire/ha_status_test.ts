import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { Fields } from "../../../src/wire/fields.ts";
import { formatHaStatus, type HaStatus, parseHaStatus } from "../../../src/wire/ha_status.ts";
import { parseSlaveName, slaveNameFields } from "../../../src/wire/slave_name.ts";
import { test } from "../../harness.ts";
import { FOLLOWS_NOBODY } from "../../support/ha_status.ts";

test("parseHaStatus() reads what formatHaStatus() wrote, ours and 5.x's part", () => {
  const status: HaStatus = {
    master: true,
    masterCommitLogMaxOffset: 2 ** 40,
    inSyncSlaveNums: 1,
    haConnectionInfo: [{
      addr: "10.0.0.2:4711",
      slaveAckOffset: 2 ** 40 - 5,
      diff: 5,
      inSync: true,
      transferredByteInSecond: 12,
      transferFromWhere: 2 ** 40,
    }],
    haClientRuntimeInfo: FOLLOWS_NOBODY,
    pocketmq: {
      state: "MASTER",
      since: 3,
      reason: "",
      advice: "",
      minOffset: 0,
      maxOffset: 2 ** 40,
      masterMinOffset: -1,
      masterMaxOffset: -1,
      refused: [{ addr: "10.0.0.3", kind: "FOREIGN", reason: "other bytes", at: 7 }],
    },
  };
  assertEquals(parseHaStatus(formatHaStatus(status)), status);
});

test("parseHaStatus() reads a 5.x broker's answer, with nulls where it has nothing", () => {
  const text =
    '{"haClientRuntimeInfo":null,"haConnectionInfo":[],"inSyncSlaveNums":0,"master":true,' +
    '"masterCommitLogMaxOffset":0}';
  assertEquals(parseHaStatus(utf8(text)), {
    master: true,
    masterCommitLogMaxOffset: 0,
    inSyncSlaveNums: 0,
    haConnectionInfo: [],
    haClientRuntimeInfo: FOLLOWS_NOBODY,
  });
});

test("formatHaStatus() has 5.x's names, so that its tools read it", () => {
  const text = textOf(formatHaStatus({
    master: false,
    masterCommitLogMaxOffset: 9,
    inSyncSlaveNums: 0,
    haConnectionInfo: [],
    haClientRuntimeInfo: { ...FOLLOWS_NOBODY, masterAddr: "10.0.0.1:10912", maxOffset: 9 },
  }));
  assertEquals(JSON.parse(text), {
    master: false,
    masterCommitLogMaxOffset: 9,
    inSyncSlaveNums: 0,
    haConnectionInfo: [],
    haClientRuntimeInfo: {
      masterAddr: "10.0.0.1:10912",
      transferredByteInSecond: 0,
      maxOffset: 9,
      lastReadTimestamp: 0,
      lastWriteTimestamp: 0,
      masterFlushOffset: 0,
    },
  });
});

test("parseSlaveName() finds who asks, and nobody in a Java slave's request", () => {
  const name = { brokerId: 2, haPort: 40_000, listenPort: 10_911 };
  assertEquals(parseSlaveName(new Fields(slaveNameFields(name))), name);
  assertEquals(parseSlaveName(new Fields({})), undefined);
  assertThrows(
    () => parseSlaveName(new Fields({ ...slaveNameFields(name), slaveBrokerId: "x" })),
    FieldError,
    "slaveBrokerId",
  );
});
