import { assertEquals } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import { decodeCommand } from "../../../src/wire/codec.ts";
import {
  formatGroupList,
  formatTopicGroupsQuery,
  parseGroupList,
} from "../../../src/wire/group_list.ts";
import { test } from "../../harness.ts";
import { goldenBody, goldenExchanges, goldenFrame } from "../../support/golden.ts";

test("300 is asked and answered as mqadmin and a Java broker do", () => {
  for (const { request, response } of goldenExchanges().filter(({ code }) => code === 300)) {
    const asked = decodeCommand(goldenFrame(request));
    assertEquals(formatTopicGroupsQuery(asked.ext!.topic!).ext, asked.ext);
    const body = goldenBody(response!);
    assertEquals(textOf(formatGroupList(parseGroupList(body))), textOf(body));
  }
  assertEquals(textOf(formatGroupList(new Set(["G", "H"]))), '{"groupList":["G","H"]}');
});
