import { assertEquals } from "@std/assert";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { Fields } from "../../../src/wire/fields.ts";
import { formatPermCount, formatWritePerm, parsePermCount } from "../../../src/wire/write_perm.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

for (const [code, what] of [[205, "wipe"], [327, "add"]] as const) {
  test(`${code} is asked and answered as mqadmin and a Java name server do`, () => {
    const { request, response } = goldenExchanges().find((each) => each.code === code)!;
    const asked = decodeCommand(goldenFrame(request));
    const made = formatWritePerm(what, "broker-a");
    assertEquals([made.code, made.ext], [code, asked.ext]);
    const { ext } = decodeCommand(goldenFrame(response!));
    assertEquals(parsePermCount(what, new Fields(ext)), 41);
    assertEquals(formatPermCount(what, 41), { ...ext });
  });
}
