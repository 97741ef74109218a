import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { sendHints } from "../../../src/broker/send_hints.ts";
import { parseProperties, property } from "../../../src/wire/properties.ts";
import { test } from "../../harness.ts";

for (
  const { name, text, waits = true, delay = 0, prepares = false, stored = text } of [
    { name: "nothing", text: "" },
    { name: "other properties", text: "TAGS\x01A\x02KEYS\x01k" },
    { name: "a sender that waits", text: "TAGS\x01A\x02WAIT\x01true", stored: "TAGS\x01A" },
    {
      name: "a sender that does not",
      text: "WAIT\x01false\x02TAGS\x01A\x02",
      waits: false,
      stored: "TAGS\x01A\x02",
    },
    { name: "WAIT without a value", text: "WAIT\x01\x02TAGS\x01A", stored: "TAGS\x01A" },
    { name: "a name that only begins so", text: "WAITER\x01false\x02DELAYED\x013" },
    { name: "a value that looks like one", text: "KEYS\x01WAIT\x01false" },
    { name: "a delay", text: "DELAY\x013", delay: 3 },
    { name: "a delay that is no number", text: "DELAY\x01soon", delay: NaN },
    { name: "the last of two", text: "DELAY\x013\x02DELAY\x010" },
    { name: "a first half", text: "TRAN_MSG\x01true\x02PGROUP\x01p", prepares: true },
    { name: "a message that says it is none", text: "TRAN_MSG\x01false" },
  ]
) {
  test(`sendHints() finds ${name}`, () => {
    assertEquals(sendHints(text), { waits, delay, prepares, stored });
  });
}

test("sendHints() agrees with a look at each property by itself", () => {
  const name = fc.constantFrom("WAIT", "DELAY", "TRAN_MSG", "TAGS", "W", "D", "T", "");
  const value = fc.constantFrom("true", "false", "2", "", "x\x01y");
  const text = fc.array(fc.tuple(name, value)).map((pairs) =>
    pairs.map(([name, value]) => `${name}\x01${value}`).join("\x02")
  );
  fc.assert(fc.property(text, (text) => {
    const hints = sendHints(text);
    assertEquals(hints.waits, property(text, "WAIT") !== "false");
    assertEquals(hints.delay, Number(property(text, "DELAY") ?? 0));
    assertEquals(hints.prepares, property(text, "TRAN_MSG") === "true");
    const kept = parseProperties(text);
    kept.delete("WAIT");
    assertEquals(parseProperties(hints.stored), kept);
  }));
});
