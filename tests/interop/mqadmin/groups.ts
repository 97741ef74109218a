/** mqadmin's commands about consumer groups. */
import { assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import { live } from "./live.ts";
import { eventually, same, sameRefusal, twins } from "./twins.ts";

test("mqadmin updateSubGroup and getConsumerConfig make, change and show a group", async () => {
  const all = "-s true -m false -d false -q 2 -r 5 -i 0 -w 1 -a false";
  await same(`updateSubGroup -n {namesrv} -b {master} -g made-group ${all}`);
  const { ours } = await same("getConsumerConfig -n {namesrv} -g made-group");
  assertMatch(ours.out, /retryMaxTimes +=  5/);
  await same("updateSubGroup -n {namesrv} -c DefaultCluster -g made-group");
  await same("getConsumerConfig -n {namesrv} -g made-group");
  await same("updateSubGroup -n {namesrv} -c DefaultCluster -g plain-group");
  await same("getConsumerConfig -n {namesrv} -g twin-online");
});
