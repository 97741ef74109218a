import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { decodeRecord } from "../../../src/wire/message.ts";
import { parseProperties } from "../../../src/wire/properties.ts";
import {
  formatEndTransaction,
  formatTransactionCheck,
  parseEndTransaction,
  parseTransactionCheck,
} from "../../../src/wire/transaction.ts";
import { test } from "../../harness.ts";
import { type GoldenExchange, goldenExchanges, goldenFrame } from "../../support/golden.ts";

const captured = (code: number): GoldenExchange[] =>
  goldenExchanges().filter((exchange) => exchange.code === code);

test("parseEndTransaction() reads what Java's producer says, by itself and when it is asked", () => {
  const ends = captured(37).map(({ request }) =>
    parseEndTransaction(decodeCommand(goldenFrame(request)).ext)
  );
  assertEquals(ends, [
    {
      producerGroup: "PT_mwrqz0or4",
      halfQueueOffset: 0,
      halfLogOffset: 48659,
      decision: "commit",
      isChecked: false,
      messageId: "FD00000000000000000000000000000212B25FFD2B276E96923900E6",
      transactionId: undefined,
    },
    {
      producerGroup: "PT2_mwrqz0or4",
      halfQueueOffset: 3,
      halfLogOffset: 50271,
      decision: "commit",
      isChecked: true,
      messageId: "FD00000000000000000000000000000212B25FFD2B276E96AB4200E9",
      transactionId: "FD00000000000000000000000000000212B25FFD2B276E96AB4200E9",
    },
  ]);
});

test("formatEndTransaction() writes what Java's producer writes", () => {
  for (const { request } of captured(37)) {
    const { ext } = decodeCommand(goldenFrame(request));
    const { bname: _, ...wanted } = ext; // who asks by that name is of no use to us
    assertEquals({ ...formatEndTransaction(parseEndTransaction(ext)).ext }, { ...wanted });
  }
});

test("a transaction ends in one of three ways, any other value is refused by its name", () => {
  const ext = formatEndTransaction({
    producerGroup: "P",
    halfQueueOffset: 1,
    halfLogOffset: 2,
    decision: "rollback",
    isChecked: false,
    messageId: "",
  }).ext!;
  const decide = (value: string) => parseEndTransaction({ ...ext, commitOrRollback: value });
  assertEquals(["0", "8", "12"].map((value) => decide(value).decision), [
    "unknown",
    "commit",
    "rollback",
  ]);
  assertThrows(() => decide("4"), FieldError, "commitOrRollback");
  for (const name of ["producerGroup", "tranStateTableOffset", "commitLogOffset"]) {
    assertThrows(() => parseEndTransaction({ ...ext, [name]: "" }), FieldError, name);
  }
});

test("a check carries the half message as one record of the topic it is meant for", () => {
  const [{ request }] = captured(39);
  const command = decodeCommand(goldenFrame(request));
  const check = parseTransactionCheck(command.ext);
  assertEquals(check, {
    halfQueueOffset: 3,
    halfLogOffset: 50271,
    messageId: "FD00000000000000000000000000000212B25FFD2B276E96AB4200E9",
    transactionId: "FD00000000000000000000000000000212B25FFD2B276E96AB4200E9",
    offsetMessageId: "7F00000100002A9F000000000000C45F",
  });
  const record = decodeRecord(command.body);
  const { topic, queueId, queueOffset, logOffset, sysFlag } = record;
  assertEquals([topic, queueId, queueOffset, logOffset, sysFlag], [
    "IT15mwrqz0or4",
    0,
    3,
    50271,
    0,
  ]);
  assertEquals(parseProperties(record.properties).get("TRANSACTION_CHECK_TIMES"), "1");
  const ours = formatTransactionCheck(check, command.body);
  assertEquals({ ...ours.ext }, { ...command.ext });
  assertEquals(ours.code, 39);
});
