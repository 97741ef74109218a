/** mqadmin's commands that make, show and delete consumer groups. */
import { assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import { same, sameRefusal } from "./twins.ts";

test("mqadmin updateSubGroup and getConsumerConfig make, change and show a group", async () => {
  const all = "-s true -m false -d false -q 2 -r 5 -i 0 -w 1 -a false";
  await same(`updateSubGroup -n {namesrv} -b {master} -g made-group ${all}`);
  const { ours } = await same("getConsumerConfig -n {namesrv} -g made-group");
  assertMatch(ours.out, /retryMaxTimes += +5\b/);
  await same("updateSubGroup -n {namesrv} -c DefaultCluster -g made-group");
  await same("getConsumerConfig -n {namesrv} -g made-group");
  await same("updateSubGroup -n {namesrv} -c DefaultCluster -g plain-group -d false -s false");
  await same("getConsumerConfig -n {namesrv} -g plain-group");
});

test("mqadmin updateSubGroup is refused where it makes no sense", async () => {
  await sameRefusal(
    "updateSubGroup -n {namesrv} -b {slave} -g made-group",
    `Cannot change group "made-group": this is a slave, ask its master`,
  );
  await same("updateSubGroup -n {namesrv} -c NoCluster -g made-group");
  await same("updateSubGroup -n {namesrv} -b 127.0.0.1:1 -g made-group");
});

test("mqadmin deleteSubGroup takes groups away with their topics", async () => {
  await same("deleteSubGroup -n {namesrv} -b {master} -g made-group");
  await same("deleteSubGroup -n {namesrv} -c DefaultCluster -g plain-group -r true");
  await same("deleteSubGroup -n {namesrv} -c DefaultCluster -g nobody");
  await same("deleteSubGroup -n {namesrv} -c NoCluster -g nobody");
  await sameRefusal(
    "deleteSubGroup -n {namesrv} -b {slave} -g made-group",
    `Cannot delete group "made-group": this is a slave, ask its master`,
  );
});
