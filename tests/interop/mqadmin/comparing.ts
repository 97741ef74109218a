/** The comparison itself: it must see what it is there for. */
import { assertRejects } from "@std/assert";
import { test } from "../../harness.ts";
import { mark } from "./marks.ts";
import { same, sameRefusal } from "./twins.ts";

test("a comparison fails where outputs differ, nothing is left of them, or a known difference is gone", async () => {
  const topics = "topicRoute -n {namesrv} -t twin-orders";
  const cases: [what: string, run: () => Promise<unknown>][] = [
    ["ours (actual) is not", () => same("brokerStatus -n {namesrv} -b {master}")],
    ["nothing left", () => same("exportMetadata -n {namesrv} -b {master} -f {files}")],
    ["nothing left", () => same(topics, { marks: [mark("all", /[^]+/g)] })],
    ["no line gone any more", () => same(topics, { onlyOurs: [{ line: "gone", why: "test" }] })],
    ["Java's broker does not refuse", () => sameRefusal(topics, "Cannot")],
    ["to contain", () => sameRefusal("topicRoute -n {namesrv} -t nowhere", "Other words")],
    ["no {nobody}", () => same("topicRoute -n {nobody} -t twin-orders")],
  ];
  for (const [says, run] of cases) await assertRejects(run, Error, says);
});
