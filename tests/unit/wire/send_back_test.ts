import { assert, assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { formatSendBack, parseSendBack } from "../../../src/wire/send_back.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

test("send-backs read and write as captured", () => {
  const captured = goldenExchanges().filter(({ code }) => code === 36);
  assert(captured.length > 0);
  for (const { request } of captured) {
    const { ext } = decodeCommand(goldenFrame(request));
    const { bname: _, ...ours } = ext; // a broker's name, for proxies
    assertEquals(formatSendBack(parseSendBack(ext)).ext, ours);
  }
});

test("what a send-back must have is asked for by name", () => {
  assertThrows(() => parseSendBack({ group: "G", delayLevel: "0" }), FieldError, "offset");
  assertThrows(() => parseSendBack({ offset: "1", delayLevel: "0" }), FieldError, "group");
  assertThrows(() => parseSendBack({ offset: "1", group: "G" }), FieldError, "delayLevel");
  const least = parseSendBack({ offset: "1", group: "G", delayLevel: "-1" });
  assertEquals([least.unitMode, least.maxReconsumeTimes], [false, undefined]);
});
