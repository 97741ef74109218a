import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytesOfHex, hexOf, Outbox, utf8 } from "../../../src/base/bytes.ts";
import { WireError } from "../../../src/base/errors.ts";
import {
  beginReply,
  decodeCommand,
  encodeCommand,
  putReply,
  putRequest,
} from "../../../src/wire/codec.ts";
import type { Command, HeaderForm } from "../../../src/wire/command.ts";
import { goldenExchanges, goldenFrame, goldenLines } from "../../support/golden.ts";
import { test } from "../../harness.ts";

interface HeaderVector {
  serializeType: "JSON" | "ROCKETMQ";
  code: number;
  flag: number;
  version: number;
  opaque: number;
  remark: string | null;
  extFields: Record<string, string> | null;
  bodyHex: string;
  frameHex: string;
}

const FORMS: HeaderForm[] = ["json", "binary"];

function again(command: Command): Command {
  return decodeCommand(encodeCommand(command).subarray(4));
}

test("decodeCommand() reads every captured exchange, and reads the same from what we encode", () => {
  const sides = goldenExchanges().flatMap(({ request, response }) =>
    response ? [request, response] : [request]
  );
  assertEquals(sides.length > 200, true);
  for (const side of sides) {
    const command = decodeCommand(goldenFrame(side));
    assertEquals(again(command), command);
    assertEquals(again({ ...command, form: "binary" }), { ...command, form: "binary" });
  }
});

test("encodeCommand() writes captured JSON headers byte for byte", () => {
  for (const { request, response } of goldenExchanges()) {
    for (const side of response ? [request, response] : [request]) {
      if (side.header.includes('"extFields":{}')) continue; // we leave empty ones out
      assertEquals(
        hexOf(encodeCommand(decodeCommand(goldenFrame(side))).subarray(4)),
        hexOf(goldenFrame(side)),
      );
    }
  }
});

for (const vector of goldenLines<HeaderVector>("vectors/header.jsonl")) {
  test(`codec agrees with Java: ${vector.serializeType} code ${vector.code}`, () => {
    const command: Command = {
      form: vector.serializeType === "JSON" ? "json" : "binary",
      code: vector.code,
      language: "JAVA",
      version: vector.version,
      opaque: vector.opaque,
      flag: vector.flag,
      remark: vector.remark ?? undefined,
      ext: vector.extFields ?? {},
      body: bytesOfHex(vector.bodyHex),
    };
    assertEquals(hexOf(encodeCommand(command)), vector.frameHex);
    assertEquals(decodeCommand(bytesOfHex(vector.frameHex).subarray(4)), command);
  });
}

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const commands: fc.Arbitrary<Command> = fc.record({
  form: fc.constantFrom(...FORMS),
  code: fc.integer({ min: -0x8000, max: 0x7fff }),
  language: fc.constantFrom("JAVA", "GO", "OTHER", "RUST"),
  version: fc.integer({ min: 0, max: 0x7fff }),
  opaque: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  flag: fc.integer({ min: 0, max: 3 }),
  remark: fc.option(text.filter((t) => t !== ""), { nil: undefined }),
  ext: fc.dictionary(text.filter((key) => key !== "__proto__"), text, { noNullPrototype: true }),
  body: fc.uint8Array({ maxLength: 50 }),
});

test("decodeCommand() gives back what encodeCommand() got", () => {
  fc.assert(fc.property(commands, (command) => assertEquals(again(command), command)));
});

test("decodeCommand() throws only WireError, whatever the frame holds", () => {
  const damaged = fc.tuple(commands, fc.nat(), fc.nat(255)).map(([command, at, byte]) => {
    const frame = encodeCommand(command).slice(4);
    frame[at % frame.length] = byte;
    return frame;
  });
  const frames = fc.oneof(damaged, fc.uint8Array({ minLength: 4, maxLength: 80 }));
  fc.assert(
    fc.property(frames, (frame) => {
      try {
        decodeCommand(frame);
      } catch (error) {
        assertInstanceOf(error, WireError);
      }
    }),
    { numRuns: 1000 },
  );
});

test("decodeCommand() refuses an unknown header type", () => {
  assertThrows(() => decodeCommand(bytesOfHex("02000000")), WireError, "header type 2");
});

test("decodeCommand() refuses a header longer than the frame", () => {
  assertThrows(
    () => decodeCommand(bytesOfHex("00000009 7b7d")),
    WireError,
    "header of 9 bytes, the frame has 2",
  );
});

for (const form of FORMS) {
  test(`putRequest() writes a ${form} request as ours`, () => {
    const out = new Outbox(16);
    putRequest(out, form, -7, { code: 105, ext: { topic: "T1" }, body: utf8("b") }, true);
    putRequest(out, form, 8, { code: 106 }, false);
    const frames = out.take();
    const length = new DataView(frames.buffer).getInt32(frames.byteOffset);
    assertEquals(decodeCommand(frames.subarray(4, 4 + length)), {
      form,
      code: 105,
      language: "OTHER",
      version: 407,
      opaque: -7,
      flag: 2,
      remark: undefined,
      ext: { topic: "T1" },
      body: utf8("b"),
    });
    const second = decodeCommand(frames.subarray(8 + length));
    assertEquals([second.code, second.opaque, second.flag, second.body.length], [106, 8, 0, 0]);
  });

  test(`beginReply() leaves the body of a ${form} answer to the caller`, () => {
    const reply = { code: 0, remark: "FOUND", ext: { minOffset: "0" } };
    const body = utf8("records");
    const whole = new Outbox();
    putReply(whole, { form, opaque: 3 }, { ...reply, body });
    const pieces = new Outbox();
    beginReply(pieces, { form, opaque: 3 }, reply, body.length);
    pieces.put(body);
    assertEquals(hexOf(pieces.take()), hexOf(whole.take()));
  });
}

test("putReply() writes empty ext fields only when the handler gave some", () => {
  const headerOf = (ext?: Record<string, string>) => {
    const out = new Outbox();
    putReply(out, { form: "json", opaque: 1 }, { code: 0, ext });
    return new TextDecoder().decode(out.take().subarray(8));
  };
  assertEquals(
    headerOf({}),
    '{"code":0,"extFields":{},"flag":1,"language":"OTHER","opaque":1,"serializeTypeCurrentRPC":"JSON","version":407}',
  );
  assertEquals(
    headerOf(),
    '{"code":0,"flag":1,"language":"OTHER","opaque":1,"serializeTypeCurrentRPC":"JSON","version":407}',
  );
});
