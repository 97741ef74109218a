import { assertEquals, assertRejects } from "@std/assert";
import { clusterBrokers } from "../../../src/admin/cluster.ts";
import { accept, brokerHa, type Calls, resync, ResyncRefused } from "../../../src/admin/ha.ts";
import { AnswerError } from "../../../src/client/errors.ts";
import { formatSettings } from "../../../src/wire/admin.ts";
import type { Command, Reply, Request } from "../../../src/wire/command.ts";
import { formatResyncRefusal, formatResyncReport } from "../../../src/wire/ha_resync.ts";
import { formatHaStatus } from "../../../src/wire/ha_status.ts";
import { formatClusterInfo, formatKvTable } from "../../../src/wire/route.ts";
import { test } from "../../harness.ts";
import { connection, master } from "../cli/ha_seen.ts";

const UNKNOWN: Reply = { code: 3, remark: "request code 907 not supported" };

/** A broker that answers by request code. */
function broker(answers: Record<number, Reply>): Calls & { asked: Request[] } {
  const asked: Request[] = [];
  return {
    asked,
    call: (_address, request) => {
      asked.push(request);
      const { code, remark, ext = {}, body = new Uint8Array(0) } = answers[request.code] ?? UNKNOWN;
      return Promise.resolve({ code, remark, ext, body } as Command);
    },
  };
}

const settings = formatSettings([["brokerName", "b"], ["brokerId", "2"], ["brokerRole", "SLAVE"]]);
const runtime = formatKvTable(
  new Map([
    ["commitLogMinOffset", "1024"],
    ["commitLogMaxOffset", "4096"],
    ["brokerVersionDesc", "V4_9_7"],
  ]),
);

test("brokerHa() joins what 907, 26 and 28 say", async () => {
  const { status } = master("SYNC_MASTER", [connection()]).ha!;
  const calls = broker({
    907: { code: 0, body: formatHaStatus(status!) },
    26: { code: 0, body: settings },
    28: { code: 0, body: runtime },
  });
  const ha = await brokerHa(calls, "a:1");
  assertEquals(ha.status?.haConnectionInfo, status?.haConnectionInfo);
  assertEquals([ha.name, ha.id, ha.role, ha.minOffset, ha.maxOffset], [
    "b",
    2,
    "SLAVE",
    1024,
    4096,
  ]);
});

test("brokerHa() of a broker that knows no 907 gives what 28 says", async () => {
  const calls = broker({ 26: { code: 0, body: settings }, 28: { code: 0, body: runtime } });
  const { status, maxOffset, version } = await brokerHa(calls, "a:1");
  assertEquals([status, maxOffset, version], [undefined, 4096, "V4_9_7"]);
});

test("brokerHa() of one that knows nothing, or has just started, leaves open what it does not say", async () => {
  const { minOffset, name, inSyncReplicas } = await brokerHa(broker({ 28: { code: 0 } }), "a:1");
  assertEquals([minOffset, name, inSyncReplicas], [-1, "", 0]);
});

test("brokerHa() says who answers with another code", async () => {
  await assertRejects(
    () => brokerHa(broker({ 907: { code: 1, remark: "no" } }), "a:1"),
    AnswerError,
    "a:1 does not say how its replication is: it answers 1 (no)",
  );
});

test("resync() gives the report, or tells a refusal from a failure", async () => {
  const report = {
    state: "DONE",
    step: "FOLLOWING",
    cutAt: 1,
    end: 2,
    copied: 1,
    total: 1,
    folder: "d",
  } as const;
  const calls = broker({ 29071: formatResyncReport(report) });
  assertEquals(await resync(calls, "a:1", false), report);
  await resync(calls, "a:1", true);
  assertEquals(calls.asked.map(({ ext }) => ext), [{}, { progress: "true" }]);
  await assertRejects(
    () => resync(broker({ 29071: formatResyncRefusal("it is in sync", true) }), "a:1", false),
    ResyncRefused,
    "Cannot resync: it is in sync",
  );
  await assertRejects(
    () => resync(broker({ 29071: formatResyncRefusal("no disk", false) }), "a:1", false),
    AnswerError,
    "a:1 was not resynced: it answers 1 (Cannot resync: no disk)",
  );
  await assertRejects(() => resync(broker({}), "a:1", false), AnswerError, "no broker of ours");
});

test("accept() names the slave, and says why not", async () => {
  const calls = broker({ 29072: { code: 0 } });
  await accept(calls, "a:1", "10.0.0.7:11011");
  assertEquals(calls.asked[0].ext, { addr: "10.0.0.7:11011" });
  const never = broker({ 29072: { code: 1, remark: "never refused" } });
  await assertRejects(() => accept(never, "a:1", "x"), AnswerError, "never refused");
});

test("clusterBrokers() lists every broker in order", async () => {
  const addrs = (...ids: number[]) => new Map(ids.map((id) => [id, `10.0.0.${id}:1`]));
  const body = formatClusterInfo({
    brokers: [
      { brokerName: "b", cluster: "C", brokerAddrs: addrs(0) },
      { brokerName: "a", cluster: "C", brokerAddrs: addrs(1, 0) },
    ],
    clusters: new Map([["C", ["a", "b"]]]),
  });
  const servers = { ask: () => Promise.resolve({ code: 0, body } as Command) };
  assertEquals((await clusterBrokers(servers)).map(({ name, id }) => `${name}${id}`), [
    "a0",
    "a1",
    "b0",
  ]);
  const refusing = { ask: () => Promise.resolve({ code: 1 } as Command) };
  await assertRejects(() => clusterBrokers(refusing), AnswerError, "answers 1 to request 106");
});
