import { assertEquals } from "@std/assert";
import { decodeCommand } from "../../../src/wire/codec.ts";
import { formatCloneOffsets, parseCloneOffsets } from "../../../src/wire/clone_offset.ts";
import {
  formatDirectConsume,
  formatRunningInfoQuery,
  parseDirectConsume,
  parseMember,
} from "../../../src/wire/consumer_ask.ts";
import { formatStatusQuery, parseStatusQuery } from "../../../src/wire/consumer_status.ts";
import { test } from "../../harness.ts";
import { goldenExchanges, goldenFrame } from "../../support/golden.ts";

test("a query of what a member does (307) is written as captured", () => {
  const captured = goldenExchanges().filter(({ code }) => code === 307);
  assertEquals(captured.length, 2);
  for (const { request } of captured) {
    const { ext } = decodeCommand(goldenFrame(request));
    const query = { ...parseMember(ext), withStacks: false };
    assertEquals(formatRunningInfoQuery(query).ext, ext);
  }
});

test("what members and groups are asked for is read as it was written", () => {
  const member = { group: "G", clientId: "c", messageId: "AB" };
  for (const asked of [member, { ...member, brokerName: "b" }]) {
    assertEquals(parseDirectConsume(formatDirectConsume(asked).ext!), asked);
  }
  for (const query of [{ topic: "T", group: "G" }, { topic: "T", group: "G", clientId: "c" }]) {
    assertEquals(parseStatusQuery(formatStatusQuery(query).ext!), query);
  }
  const clone = { from: "G", to: "H", isOffline: true };
  for (const asked of [clone, { ...clone, topic: "T" }]) {
    assertEquals(parseCloneOffsets(formatCloneOffsets(asked).ext!), asked);
  }
});
