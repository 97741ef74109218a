import { assertEquals } from "@std/assert";
import {
  groupsOfTopic,
  systemTopicsOn,
  topicsOfCluster,
  topicTable,
} from "../../../src/admin/topic_tables.ts";
import { formatGroupList } from "../../../src/wire/group_list.ts";
import { formatTopicList } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { fakeLines } from "./fake_lines.ts";

const captured = (code: number) =>
  goldenBody(goldenExchanges().find((each) => each.code === code && each.response)!.response!);

test("topicTable() and systemTopicsOn() read what a Java broker answers", async () => {
  const lines = fakeLines({
    21: { code: 0, body: captured(21) },
    305: { code: 0, body: captured(305) },
  });
  const { topics } = await topicTable(lines, "b:1");
  const system = await systemTopicsOn(lines, "b:1");
  assertEquals(system.filter((name) => /^(TBW102|broker-a)$/.test(name)), ["TBW102", "broker-a"]);
  assertEquals(topics.get("TBW102")?.perm, 7);
  assertEquals(lines.asked.map(([address, { code }]) => [address, code]), [["b:1", 21], [
    "b:1",
    305,
  ]]);
});

test("topicsOfCluster() asks a name server for that cluster alone", async () => {
  const lines = fakeLines({ 224: { code: 0, body: formatTopicList({ topics: ["T"] }) } });
  assertEquals(await topicsOfCluster(lines, "C"), ["T"]);
  assertEquals(lines.asked[0][1].ext, { cluster: "C" });
});

test("groupsOfTopic() sorts names, and has none where a broker does not know the topic", async () => {
  const lines = fakeLines({
    300: (_request, address) =>
      address === "b:1" ? { code: 0, body: formatGroupList(["h", "g"]) } : { code: 17 },
  });
  assertEquals(await groupsOfTopic(lines, "b:1", "T"), ["g", "h"]);
  assertEquals(await groupsOfTopic(lines, "b:2", "T"), []);
});
