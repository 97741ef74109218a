/** mqadmin's commands that look for messages and print them. */
import { assertStringIncludes } from "@std/assert";
import { test } from "../../harness.ts";
import { live, message } from "./live.ts";
import { type Mark, mark, reason } from "./marks.ts";
import { same, sameRefusal } from "./twins.ts";

/** What became of a message at a group that has nobody online: the broker's own words why that is not known. */
const tracks: Mark = {
  replace: (text) =>
    text.replace(/(exceptionDesc=CODE:206 DESC:).*?(?=\]MessageTrack|\]$)/gm, "$1<reason>"),
};
const found = { marks: [...message, tracks] };

test("mqadmin queryMsgById, queryMsgByUniqueKey and queryMsgByOffset show a message and who has it", async () => {
  await live();
  const { ours } = await same("queryMsgById -n {namesrv} -i {m5}", found);
  assertStringIncludes(ours.out, "consumerGroup=LiveGroup, trackType=CONSUMED");
  await same("queryMsgById -n {namesrv} -i {m7} -u unit", found);
  await sameRefusal(
    "queryMsgById -n {namesrv} -i {nothing}",
    "Cannot find a message at log offset 2147483647",
  );
  await same("queryMsgById -n {namesrv} -i nonsense");
  await same("queryMsgByUniqueKey -n {namesrv} -t Live -i {u5}", found);
  await same("queryMsgByUniqueKey -n {namesrv} -t Live -i {u6} -a", found);
  await same("queryMsgByUniqueKey -n {namesrv} -t LiveOne -i {u22}", found);
  await same("queryMsgByUniqueKey -n {namesrv} -t Live -i 7F0000010001000000010000000000FF");
  await same("queryMsgByOffset -n {namesrv} -t Live -b broker-a -i 1 -o 2", found);
  await same("queryMsgByOffset -n {namesrv} -t Live -b broker-a -i 9 -o 0", { marks: [reason] });
});

test("mqadmin queryMsgByKey finds messages by one of their keys, and by the slave's answer too", async () => {
  await same("queryMsgByKey -n {namesrv} -t Live -k key-5");
  await same("queryMsgByKey -n {namesrv} -t Live -k all");
  await same("queryMsgByKey -n {namesrv} -t Live -k nowhere");
  await same("queryMsgByKey -n {namesrv} -t LiveOne -k all");
  await same("queryMsgByKey -n {namesrv} -t nowhere -k all", { marks: [reason] });
});

test("mqadmin printMsg, printMsgByQueue and consumeMessage print messages", async () => {
  const marks = message;
  const begin = "-b 1600000000000";
  await same("printMsg -n {namesrv} -t Live", { marks });
  await same("printMsg -n {namesrv} -t Live -s A -d false", { marks });
  await same(`printMsg -n {namesrv} -t Live ${begin} -c GBK`, { marks });
  await same("printMsg -n {namesrv} -t nowhere", { marks: [reason] });
  const queue = "-n {namesrv} -t Live -a broker-a";
  await same(`printMsgByQueue ${queue} -i 0 -p true -d true ${begin}`, { marks });
  await same(`printMsgByQueue ${queue} -i 3 -p true -f true -s B`, { marks });
  await same(`printMsgByQueue ${queue} -i 0 -f true`, { marks });
  await same("consumeMessage -n {namesrv} -t Live -c 3", { marks });
  await same("consumeMessage -n {namesrv} -t Live -g LiveReader -c 5", { marks });
  await same("consumeMessage -n {namesrv} -t Live -b broker-a -i 1 -o 2 -c 2", { marks });
  await same("consumeMessage -n {namesrv} -t Live -b broker-a -i 1 -o 999 -c 2", { marks });
  await same("consumeMessage -n {namesrv} -t Live -s 1600000000000 -e 4000000000000");
  await same("consumeMessage -n {namesrv} -t nowhere -c 2", { marks: [reason] });
});

test("what brokers stored by themselves looks the same, but for WAIT, which ours obeys and does not store", async () => {
  // Java's keeps WAIT on what is delayed, prepared or given back; so its records are longer.
  const waits = [mark("size", /(?<=storeSize=)\d+/g), { replace: withoutWait }];
  for (const topic of ["LiveOne", "SCHEDULE_TOPIC_XXXX", "%RETRY%LiveGroup"]) {
    await same(`printMsg -n {namesrv} -t ${topic}`, { marks: [...message, ...waits] });
  }
});

function withoutWait(text: string): string {
  return text.replace(/WAIT=\w+, /g, "");
}

test("mqadmin queryMsgById has a consumer consume a message, and sends it again", async () => {
  const marks = [mark("ms", /(?<=spentTimeMills=)\d+/g), mark("id", /(?<=offsetMsgId=)\w+/g)];
  const has = "queryMsgById -n {namesrv} -g";
  await same(`${has} LiveGroup -d 127.0.0.1@live-first -i {m5}`, { marks });
  await same(`${has} LiveGroup -d 127.0.0.1@live-second -i {m7}`, { marks });
  await same(`${has} LiveOrderly -d 127.0.0.1@live-orderly -i {m5}`, { marks });
  await same(
    "queryMsgByUniqueKey -n {namesrv} -t Live -i {u5} -g LiveGroup -d 127.0.0.1@live-first",
    { marks },
  );
  await sameRefusal(`${has} LiveGroup -d nobody -i {m5}`, `Cannot ask "nobody"`);
  await same("queryMsgById -n {namesrv} -i {m22} -s true", { marks });
  await same("queryMsgById -n {namesrv} -i {m22} -s true -u unit", { marks });
  await same("queryMsgByKey -n {namesrv} -t LiveOne -k all");
});

test("mqadmin queryCq shows a queue's entries and whose filter lets them through", async () => {
  // Java's tries filters only with enableConsumeQueueExt, else it says false of all.
  const tried = mark("tried", /(?<=eval=)\w+/g);
  const marks = [...message, tried, mark("version", /(?<="subVersion":)\d+/g)];
  const look = "queryCq -n {namesrv} -b {master} -t Live";
  await same(`${look} -q 0 -i 0 -c 3`, { marks: message });
  await same(`${look} -q 0 -i 2 -c 100 -g LiveOrderly`, { marks });
  const { ours } = await same(`${look} -q 2 -i 0 -c 100 -g LiveSql`, { marks });
  const evals = [...ours.out.matchAll(/eval=(\w+)/g)].map(([, eval_]) => eval_).join(" ");
  assertStringIncludes(evals, "false false true true true", "numbers 2, 6, 10, 14 and 18; > 9");
  await same("queryCq -n {namesrv} -t Live -q 1 -i 0", { marks: message });
  await sameRefusal(`${look} -q 9 -i 0 -c 3`, `Cannot look at queue 9 of "Live"`);
});
