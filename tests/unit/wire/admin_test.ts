import { assertEquals } from "@std/assert";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { formatSettings, parseSettings } from "../../../src/wire/admin.ts";
import { goldenExchanges } from "../../support/golden.ts";
import { test } from "../../harness.ts";

test("captured settings of brokers and name servers come out byte for byte", () => {
  const captured = goldenExchanges().filter(({ code }) => code === 26 || code === 319);
  assertEquals(captured.length, 3);
  for (const { response } of captured) {
    const settings = parseSettings(utf8(response!.bodyText!));
    assertEquals(textOf(formatSettings(settings)), response!.bodyText);
  }
});

test("parseSettings() keeps the value as it is and passes over what is no setting", () => {
  assertEquals(
    [...parseSettings(utf8("# a=b\n a =b=c \r\n\nnonsense\n=x\nempty=\n"))],
    [["a", "b=c "], ["empty", ""]],
  );
});
