import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Outbox } from "../../../src/base/bytes.ts";
import { decodeCommand, putReply } from "../../../src/wire/codec.ts";
import type { HeaderForm } from "../../../src/wire/command.ts";
import {
  formatSendReply,
  parseSendReply,
  putSendReply,
  type SendAnswer,
} from "../../../src/wire/send_reply.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const answers: fc.Arbitrary<SendAnswer> = fc.record({
  code: fc.constantFrom(0, 10, 11, 12),
  remark: fc.option(text, { nil: undefined }),
  msgId: fc.stringMatching(/^[0-9A-F]{32}(,[0-9A-F]{32}){0,3}$/),
  queueId: fc.nat(1000),
  queueOffset: fc.oneof(fc.maxSafeNat(), fc.integer({ min: 2 ** 53 - 100, max: 2 ** 53 - 1 })),
  transactionId: fc.option(text, { nil: undefined }),
  region: text,
  traceOn: fc.boolean(),
});
const forms = fc.constantFrom<HeaderForm>("json", "binary");

test("putSendReply() writes what the general writer would write", () => {
  fc.assert(fc.property(answers, forms, fc.integer(), (answer, form, opaque) => {
    const fast = new Outbox();
    putSendReply(fast, { form, opaque }, answer);
    const general = new Outbox();
    putReply(general, { form, opaque }, formatSendReply(answer));
    assertEquals(fast.take(), general.take());
  }));
});

test("parseSendReply() gives back what putSendReply() got", () => {
  fc.assert(fc.property(answers, forms, (answer, form) => {
    const out = new Outbox();
    putSendReply(out, { form, opaque: 1 }, answer);
    assertEquals(parseSendReply(decodeCommand(out.take().subarray(4))), answer);
  }));
});

test("parseSendReply() reads captured answers to sends", () => {
  const answered = goldenExchanges().filter(({ code, response }) =>
    [10, 310, 320].includes(code) && response?.header.includes("msgId")
  );
  assertEquals(answered.length > 0, true);
  for (const { response } of answered) {
    const answer = parseSendReply(decodeCommand(goldenFrame(response!)));
    assertEquals(/^[0-9A-F]{32}(,[0-9A-F]{32})*$/.test(answer.msgId), true);
    assertEquals([answer.region, answer.traceOn], ["DefaultRegion", true]);
  }
});
