import { assertEquals } from "@std/assert";
import type { Asking } from "../../../../src/cli/doctor/asking.ts";
import { lookAtBroker } from "../../../../src/cli/doctor/broker_look.ts";
import { healthOf } from "../../../../src/cli/health/look.ts";
import { CallError } from "../../../../src/rpc/peer.ts";
import type { Command } from "../../../../src/wire/command.ts";
import { test } from "../../../harness.ts";
import { runtime } from "../../../support/runtime.ts";
import { MASTER } from "./scene.ts";

/** Nodes that all answer alike. */
function asking(answer: (address: string) => { code: number; remark?: string }): Asking {
  const call = (address: string): Promise<Command> =>
    Promise.resolve({ ext: {}, body: new Uint8Array(0), ...answer(address) } as Command);
  return { calls: { call }, net: runtime.net, clock: runtime.clock };
}

const look = (how: Asking, hosts: readonly string[] = []) =>
  lookAtBroker(
    how,
    { address: MASTER.address, registered: MASTER, at: [], isPaired: false },
    { topic: undefined, hosts },
  );

const acl = {
  code: 1,
  remark:
    "org.apache.rocketmq.acl.common.AclException: No accessKey is configured, o.a.r.X.v(X.java:6)",
};

test("a broker with access control is one that refuses, not one that is gone", async () => {
  const { refusal, silence, isOther } = await look(asking(() => acl));
  assertEquals([refusal, silence, isOther], [
    "code 1, No accessKey is configured",
    undefined,
    undefined,
  ]);
});

test("a node that knows no request of brokers is no broker", async () => {
  assertEquals((await look(asking(() => ({ code: 3 })))).isOther, true);
});

test("a broker that cannot be reached is not found elsewhere when another answers there", async () => {
  const how = asking((address) => {
    if (address === MASTER.address) throw new CallError("unreachable", "nobody listens there");
    return { code: 3 };
  });
  const { silence, foundAt } = await look(how, ["10.0.0.1"]);
  assertEquals([silence?.kind, foundAt], ["refused", undefined]);
});

test("health: a node that refuses to be asked is alive, and may not be ready", async () => {
  const { calls, clock } = asking(() => acl);
  const place = { address: "h:1", kind: "any" } as const;
  assertEquals((await healthOf(place, { calls, clock, wanted: "alive" })).faults, []);
  const { faults } = await healthOf(place, { calls, clock, wanted: "ready" });
  assertEquals(faults, ["it refuses to be asked (code 1): access control may be on"]);
});
