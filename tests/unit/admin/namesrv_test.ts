import { assertEquals, assertRejects } from "@std/assert";
import { textOf } from "../../../src/base/bytes.ts";
import {
  changeWritePerm,
  deleteKv,
  kvEntries,
  kvValue,
  namesrvConfig,
  putKv,
  putNamesrvConfig,
} from "../../../src/admin/namesrv.ts";
import { formatSettings } from "../../../src/wire/admin.ts";
import { formatKvTable } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { fakeLines, NAMESRVS } from "./fake_lines.ts";

test("what is not there is told from what failed", async () => {
  const none = fakeLines({ 101: { code: 22 }, 219: { code: 22 } });
  assertEquals(await kvValue(none, "N", "k"), undefined);
  assertEquals(await kvEntries(none, "N"), new Map());
  const broken = fakeLines({ 101: { code: 1, remark: "disk" } });
  const error = await assertRejects(() => kvValue(broken, "N", "k"));
  assertEquals((error as Error).message, 'Cannot read key "k": a name server answers 1 (disk)');
});

test("values, namespaces and settings are read", async () => {
  const entries = new Map([["k", "v=1"]]);
  const lines = fakeLines({
    101: { code: 0, ext: { value: "v=1" } },
    219: { code: 0, body: formatKvTable(entries) },
    319: { code: 0, body: formatSettings([["listenPort", "9876"]]) },
  });
  assertEquals(await kvValue(lines, "N", "k"), "v=1");
  assertEquals(await kvEntries(lines, "N"), entries);
  assertEquals((await namesrvConfig(lines, "ns1:9876")).get("listenPort"), "9876");
});

test("putKv() and deleteKv() tell every name server", async () => {
  const lines = fakeLines({ 100: { code: 0 }, 102: { code: 0 } });
  await putKv(lines, "N", "k", "v");
  await deleteKv(lines, "N", "k");
  assertEquals(lines.asked.map(([address, { code }]) => `${code} ${address}`), [
    ...NAMESRVS.map((address) => `100 ${address}`),
    ...NAMESRVS.map((address) => `102 ${address}`),
  ]);
});

test("putNamesrvConfig() tells every name server", async () => {
  const lines = fakeLines({ 318: { code: 0 } });
  await putNamesrvConfig(lines, [["orderMessageEnable", "true"]]);
  assertEquals(
    lines.asked.map(([address, { body }]) => [address, textOf(body!)]),
    NAMESRVS.map((address) => [address, "orderMessageEnable=true\n"]),
  );
});

test("changeWritePerm() asks one name server, and gives how many topics it changed", async () => {
  const lines = fakeLines({
    205: { code: 0, ext: { wipeTopicCount: "3" } },
    327: { code: 0, ext: { addTopicCount: "4" } },
  });
  assertEquals(await changeWritePerm(lines, "ns1:9876", "b", "wipe"), 3);
  assertEquals(await changeWritePerm(lines, "ns2:9876", "b", "add"), 4);
  assertEquals(lines.asked.map(([address]) => address), ["ns1:9876", "ns2:9876"]);
});
