import { assertEquals } from "@std/assert";
import { diagnose } from "../../../../src/cli/doctor/checks.ts";
import { test } from "../../../harness.ts";
import { broker, group, lag, MASTER, namesrv, routeOf, scene, SLAVE } from "./scene.ts";

const second = "10.0.0.2:9876";

test("diagnose() finds nothing in a cluster that is well", () => {
  assertEquals(diagnose(scene()), []);
  assertEquals(diagnose(scene({ topic: undefined, groups: [] })), []);
});

test("what is no fault is a note, and comes last", () => {
  const alone = { ...MASTER, name: "b", address: "10.0.0.7:10911" };
  const async = { ha: { role: "ASYNC_MASTER" }, topic: undefined };
  const found = diagnose(scene({
    namesrvs: [namesrv({ brokers: [MASTER, SLAVE, alone], tookMs: 2000 })],
    brokers: [broker(MASTER), broker(SLAVE), broker(alone, async)],
    groups: [group({ online: undefined, lags: [{ ...lag, behind: 0 }] })],
  }));
  assertEquals(found.map(({ level, cause }) => `${level} ${cause}`), [
    "wrong namesrv-slow",
    "note no-slave",
    "note topic-not-everywhere",
    "note group-empty",
  ]);
});

test("a broker that lost all permission at a name server is said once, not for each topic, too", () => {
  const found = diagnose(scene({ namesrvs: [namesrv({ wiped: ["a"], route: routeOf(4) })] }));
  assertEquals(found.length, 1);
});

test("a name server that lacks a broker lacks its topics, which is not said again", () => {
  const lacking = namesrv({ address: second, brokers: [SLAVE], topics: [] });
  const found = diagnose(scene({ namesrvs: [namesrv(), lacking] }));
  assertEquals(found.map(({ cause }) => cause), ["broker-missing-at-namesrv"]);
});

test("members of a broadcasting group keep their own offsets", () => {
  const online = { ...group().online!, messageModel: "BROADCASTING" };
  assertEquals(
    diagnose(scene({ groups: [group({ online, lags: [{ ...lag, behind: 9999 }] })] })),
    [],
  );
});
