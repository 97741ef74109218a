/** A topic with messages that is deleted and made again. */
import { assertStringIncludes } from "@std/assert";
import { test } from "../../harness.ts";
import { dates, mark } from "./marks.ts";
import { same, twins } from "./twins.ts";

const WHY =
  "consumers' offsets and messages' numbers stay true: numbers go on, Java begins again at 0";
const uniqueIds = mark("id", /\b[0-9A-F]{56}\b|\b[0-9A-F]{32}\b/g);

test("mqadmin deleteTopic takes messages away; a topic that is made again has none of them", async () => {
  const send = "sendMessage -n {namesrv} -t gone -p hello -b broker-a";
  await same("updateTopic -n {namesrv} -b {master} -t gone -r 2 -w 2");
  for (const more of ["-k k1 -i 0", "-k k2 -i 1", "-k k3 -i 1"]) {
    await same(`${send} ${more}`, { marks: [uniqueIds] });
  }
  await same("topicStatus -n {namesrv} -t gone", { marks: [dates] });
  await same("deleteTopic -n {namesrv} -c DefaultCluster -t gone");
  await same("cleanUnusedTopic -n {namesrv} -c DefaultCluster");
  await same("updateTopic -n {namesrv} -b {master} -t gone -r 2 -w 2");
  await same("topicStatus -n {namesrv} -t gone", {
    onlyOurs: [{ line: /^broker-a +(0 +1 +1|1 +2 +2) *$/, why: WHY }],
    onlyJava: [{ line: /^broker-a +[01] +0 +0 *$/, why: WHY }],
  });
  await same(`${send} -k k4 -i 1`, { marks: [uniqueIds] });
  await same("topicStatus -n {namesrv} -t gone", {
    marks: [dates],
    onlyOurs: [{ line: /^broker-a +(0 +1 +1|1 +2 +3 +<date>) *$/, why: WHY }],
    onlyJava: [{ line: /^broker-a +(0 +0 +0|1 +0 +1 +<date>) *$/, why: WHY }],
  });
  const { ours } = await twins();
  const { err } = await ours.run("queryMsgByKey -n {namesrv} -t gone -k k1"); // Java's still has it
  assertStringIncludes(err, "query message by key finished, but no message");
  await same("deleteTopic -n {namesrv} -c DefaultCluster -t gone");
});
