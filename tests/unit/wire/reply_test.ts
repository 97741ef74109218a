import { assertEquals, assertThrows } from "@std/assert";
import { FieldError } from "../../../src/base/errors.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { formatPushedReply, formatReply, parsePushedReply } from "../../../src/wire/reply.ts";
import { parseSendV2 } from "../../../src/wire/send.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

const captured = (code: number) =>
  goldenExchanges().filter((exchange) => exchange.code === code).map(({ request }) =>
    decodeCommand(goldenFrame(request))
  );

test("what a Java broker pushes to whoever asked is read, and written the same", () => {
  const [command] = captured(326);
  const pushed = parsePushedReply(command.ext);
  assertEquals([pushed.bornHost, pushed.storeHost, pushed.storeTimestamp, pushed.queueId], [
    "127.0.0.1:60850",
    "127.0.0.1:10911",
    1795346627112,
    0,
  ]);
  const ours = formatPushedReply(pushed, command.body);
  assertEquals([ours.code, { ...ours.ext }], [326, { ...command.ext }]);
  assertThrows(() => parsePushedReply({ ...command.ext, storeHost: "" }), FieldError, "storeHost");
});

test("an answer is sent as a Java consumer sends it", () => {
  const [command] = captured(325);
  const ours = formatReply(parseSendV2(command.ext), command.body);
  const { n: _, ...wanted } = command.ext; // the broker's name
  assertEquals([ours.code, { ...ours.ext }], [325, { ...wanted }]);
});
