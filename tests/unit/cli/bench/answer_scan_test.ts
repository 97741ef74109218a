import { assertEquals, assertThrows } from "@std/assert";
import { concat, utf8, viewOf } from "../../../../src/base/bytes.ts";
import { WireError } from "../../../../src/base/errors.ts";
import { AnswerScan } from "../../../../src/cli/bench/answer_scan.ts";
import { test } from "../../../harness.ts";

function frame(header: string, body: Uint8Array = new Uint8Array(0), type = 0): Uint8Array {
  const text = utf8(header);
  const head = new Uint8Array(8);
  viewOf(head).setUint32(0, 4 + text.length + body.length);
  viewOf(head).setUint32(4, type << 24 | text.length);
  return concat([head, text, body]);
}

/** As Java's broker, ours, and a Go program write them; the last refuses with a remark that looks like a header. */
const FRAMES = [
  frame(
    `{"code":0,"extFields":{"queueId":"3","TRACE_ON":"true","MSG_REGION":"DefaultRegion","msgId":"7F","queueOffset":"9"},` +
      `"flag":1,"language":"JAVA","opaque":2147483647,"serializeTypeCurrentRPC":"JSON","version":401}`,
  ),
  frame(`{"opaque":  12,"code":  10,"flag":1}`, utf8(`"code":99,"opaque":99`)),
  frame(`{"code":-3,"flag":1,"opaque":0,"remark":"he said \\"code\\":7 and \\"opaque\\":8"}`),
  frame(`{"remark":"\\"code\\":7,\\"opaque\\":8","opaque":5,"code":2}`),
];
const WANTED = [[0, 2147483647], [10, 12], [-3, 0], [2, 5]];

function scanned(chunks: readonly Uint8Array[]): number[][] {
  const seen: number[][] = [];
  const scan = new AnswerScan((code, opaque) => seen.push([code, opaque]));
  for (const chunk of chunks) {
    const lent = chunk.slice();
    scan.push(lent);
    lent.fill(0xee); // it is the connection's again
  }
  return seen;
}

test("AnswerScan finds code and opaque of answers wherever reads cut them", () => {
  const bytes = concat(FRAMES);
  assertEquals(scanned([bytes]), WANTED);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assertEquals(scanned([bytes.subarray(0, cut), bytes.subarray(cut)]), WANTED, `cut at ${cut}`);
  }
  assertEquals(scanned(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))), WANTED);
});

test("AnswerScan gives the frame of an answer", () => {
  let seen: Uint8Array | undefined;
  new AnswerScan((_code, _opaque, bytes, at, end) => seen = bytes.slice(at, end)).push(FRAMES[0]);
  assertEquals(seen, FRAMES[0].slice(4));
});

for (
  const { name, bytes, reason } of [
    {
      name: "of no broker",
      bytes: utf8("HTTP/1.1 400 Bad Request\r\n"),
      reason: /^frame of \d+ bytes/,
    },
    {
      name: "with a binary header",
      bytes: frame(`{"code":0,"opaque":1}`, undefined, 1),
      reason: /type 1/,
    },
    { name: "without a code", bytes: frame(`{"opaque":1}`), reason: /without a code/ },
    { name: "without an opaque", bytes: frame(`{"code":1}`), reason: /without an opaque/ },
  ]
) {
  test(`AnswerScan refuses an answer ${name}`, () => {
    const { message } = assertThrows(() => scanned([bytes]), WireError);
    assertEquals(reason.test(message), true, message);
  });
}
