import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { formatTrace, parseTrace } from "../../../src/wire/trace.ts";
import { test } from "../../harness.ts";
import { goldenLines } from "../../support/golden.ts";

const captured = () => goldenLines<{ body: string }>("wire/traces.jsonl");

test("parseTrace() and formatTrace() give back what Java clients wrote", () => {
  for (const { body } of captured()) {
    assertEquals(textOf(formatTrace(parseTrace(utf8(body)))), body);
  }
  const kinds = captured().flatMap(({ body }) => parseTrace(utf8(body)).map(({ kind }) => kind));
  assertEquals(new Set(kinds), new Set(["Pub", "SubBefore", "SubAfter", "EndTransaction"]));
});

test("parseTrace() reads every field", () => {
  const [sent, consumed, ended] = captured().map(({ body }) => parseTrace(utf8(body)));
  assertEquals(sent[0], {
    kind: "Pub",
    messageId: "FD0000000000000000000000000000025D3B5FFD2B2771C876520000",
    time: 1795400162900,
    region: "DefaultRegion",
    group: "OnlineGroupProducers",
    topic: "Online",
    tags: "A",
    keys: "key-0",
    storeHost: "127.0.0.1:18911",
    bodyBytes: 6,
    costMs: 60,
    messageType: "Normal_Msg",
    offsetMessageId: "7F000001000049DF0000000000000000",
    ok: true,
  });
  assertEquals(consumed[3], {
    kind: "SubAfter",
    messageId: "FD0000000000000000000000000000025D3B5FFD2B2771C876A30002",
    requestId: "FD0000000000000000000000000000025D3B5FFD2B2771C876DB0006",
    costMs: 0,
    ok: false,
    keys: "key-1",
    contextCode: 4,
    time: 1795400163035,
    group: "OnlineGroup",
  });
  assertEquals(ended[1].kind === "EndTransaction" && ended[1].state, "COMMIT_MESSAGE");
});

test("parseTrace() reads notes of clients that wrote less, and passes over what is no note", () => {
  const notes = [
    "Pub\x011\x01r\x01g\x01t\x01id\x01null\x01null\x01h:1\x015\x013\x010\x01true",
    "SubAfter\x01req\x01id\x017\x01true\x01k",
    "SubAfter\x01req",
    "something else",
    "",
  ];
  const [sent, consumed, ...more] = parseTrace(utf8(notes.join("\x02")));
  assertEquals(sent.kind === "Pub" && [sent.ok, sent.offsetMessageId, sent.tags], [true, "", ""]);
  assertEquals(consumed.kind === "SubAfter" && [consumed.contextCode, consumed.group], [-1, ""]);
  assertEquals(more, []);
});
