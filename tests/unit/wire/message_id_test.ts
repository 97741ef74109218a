import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { addressText, hostBytes, parseAddress } from "../../../src/wire/host_address.ts";
import { formatMessageId, messageIdPrefix, parseMessageId } from "../../../src/wire/message_id.ts";
import { goldenLines } from "../../support/golden.ts";
import { test } from "../../harness.ts";

interface IdVector {
  address?: string;
  offset: number;
  offsetMsgId: string;
}

for (const { address, offset, offsetMsgId } of goldenLines<IdVector>("vectors/message.jsonl")) {
  if (address === undefined) continue;
  test(`message id of ${address} at ${offset} is Java's`, () => {
    const storeHost = parseAddress(address)!;
    assertEquals(formatMessageId(messageIdPrefix(hostBytes(storeHost)), offset), offsetMsgId);
    assertEquals(parseMessageId(offsetMsgId), { storeHost, logOffset: offset });
    assertEquals(addressText(storeHost), address);
  });
}

test("parseMessageId() gives back what formatMessageId() got", () => {
  fc.assert(fc.property(fc.ipV4(), fc.nat(65535), fc.maxSafeNat(), (host, port, logOffset) => {
    const id = formatMessageId(messageIdPrefix(hostBytes({ host, port })), logOffset);
    assertEquals(parseMessageId(id.toLowerCase()), { storeHost: { host, port }, logOffset });
  }));
});

for (const id of ["", "0A00000200002A9F", "x".repeat(32), "0".repeat(31), "0".repeat(40)]) {
  test(`parseMessageId() knows that "${id}" is no id`, () =>
    assertEquals(parseMessageId(id), undefined));
}
