import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Outbox } from "../../../src/base/bytes.ts";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand, putReply } from "../../../src/wire/codec.ts";
import {
  formatPull,
  formatPullAnswer,
  parsePull,
  parsePullAnswer,
  type PullRequest,
} from "../../../src/wire/pull.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";
import { test } from "../../harness.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const pulls: fc.Arbitrary<PullRequest> = fc.record({
  consumerGroup: text,
  topic: text,
  queueId: fc.integer(),
  queueOffset: fc.maxSafeInteger(),
  maxMessages: fc.integer(),
  sysFlag: fc.integer(),
  commitOffset: fc.maxSafeInteger(),
  holdMs: fc.maxSafeInteger(),
  subscription: fc.option(text, { nil: undefined }),
  subVersion: fc.maxSafeInteger(),
  expressionType: fc.option(text, { nil: undefined }),
});

const captured = goldenExchanges().filter(({ code }) => code === 11);

test("parsePull() gives back what formatPull() got", () => {
  fc.assert(fc.property(pulls, (pull) => assertEquals(parsePull(formatPull(pull).ext!), pull)));
});

test("formatPull() gives captured pulls back, but for fields that brokers ignore", () => {
  assertEquals(captured.length, 6);
  for (const { request } of captured) {
    const { ext } = decodeCommand(goldenFrame(request));
    const { bname: _, ReqT: __, ...known } = ext;
    assertEquals(formatPull(parsePull(ext)).ext, known);
  }
});

test("formatPullAnswer() gives captured answers back", () => {
  let read = 0;
  for (const { response } of captured) {
    const command = decodeCommand(goldenFrame(response!));
    if (command.code > 21) continue; // those carry no numbers
    const answer = parsePullAnswer(command);
    const { code, remark, ext } = formatPullAnswer(
      answer.code,
      answer.remark!,
      answer,
      answer.suggestWhichBrokerId,
    );
    assertEquals({ code, remark, ext }, {
      code: command.code,
      remark: command.remark,
      ext: command.ext,
    });
    read++;
  }
  assertEquals(read, 4);
});

for (const name of ["suggestWhichBrokerId", "nextBeginOffset", "minOffset", "maxOffset"]) {
  test(`parsePullAnswer() refuses an answer without ${name}`, () => {
    const out = new Outbox();
    const progress = { nextBeginOffset: 3, minOffset: 0, maxOffset: 3 };
    const { ext, ...reply } = formatPullAnswer(0, "FOUND", progress, 0);
    const { [name]: _, ...rest } = ext!;
    putReply(out, { form: "json", opaque: 1 }, { ...reply, ext: rest });
    const command = decodeCommand(out.take().subarray(4));
    assertThrows(() => parsePullAnswer(command), FieldError, `field "${name}" is missing`);
  });
}

for (const name of Object.keys(formatPull(fc.sample(pulls, 1)[0]).ext!)) {
  if (["subscription", "expressionType"].includes(name)) continue;
  test(`parsePull() refuses a pull without ${name}`, () => {
    const { [name]: _, ...rest } = formatPull({ ...fc.sample(pulls, 1)[0] }).ext!;
    assertThrows(() => parsePull(rest), FieldError, `field "${name}" is missing`);
  });
}
