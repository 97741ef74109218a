/** mqadmin's commands about topics. */
import { test } from "../../harness.ts";
import { dates } from "./marks.ts";
import { same } from "./twins.ts";

test("mqadmin topicRoute, topicStatus and topicClusterList print what Java's cluster has them print", async () => {
  await same("topicRoute -n {namesrv} -t twin-orders");
  await same("topicRoute -n {namesrv} -t twin-orders -l");
  await same("topicStatus -n {namesrv} -t twin-orders", { marks: [dates] });
  await same("topicClusterList -n {namesrv} -t twin-orders");
});
