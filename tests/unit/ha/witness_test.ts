import { assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { type Calls, Witness } from "../../../src/ha/witness.ts";
import { recordAt } from "../../../src/store/records.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Command, Request } from "../../../src/wire/command.ts";
import { formatClusterInfo } from "../../../src/wire/route.ts";
import type { Clock } from "../../../src/ports/host.ts";
import { test } from "../../harness.ts";
import { codecs } from "../../support/codecs.ts";
import { commandOf } from "../../support/far_end.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { message, openIn } from "../../support/store.ts";

/** A slave's broker port: what it answers to 28 and 33. */
interface Slave {
  readonly min?: number;
  readonly max?: number;
  /** "down" answers nothing at all, "starting" an empty 28. */
  readonly is?: "down" | "starting";
  /** Code of the answer to 33, and what of our record it has. */
  readonly code?: number;
  readonly record?: (ours: Uint8Array) => Uint8Array;
}

const SAME: Slave = { record: (ours) => ours };
const OTHER: Slave = { record: (ours) => ours.map((byte, i) => i === ours.length - 3 ? 7 : byte) };
const NONE: Slave = { code: 1 };

/** Asks about a store of ten messages, by name servers that know these slaves. */
async function held(
  {
    slaves,
    host = "10.0.0.7",
    listenPort,
    wasSent,
    first = (store) => store.log.tail,
    namesrv = ["ns:1"],
    readyAfter = 0,
    lateAs,
  }: {
    slaves: Record<string, Slave>;
    host?: string;
    listenPort?: number;
    wasSent?: boolean;
    first?: (store: Store) => number;
    namesrv?: readonly string[];
    /** Until so many pauses the slaves are as `lateAs`, or not registered. */
    readyAfter?: number;
    lateAs?: Slave;
  },
): Promise<{ held: string; asked: string[]; store: Store; pauses: number }> {
  const store = await openIn(new MemFs());
  for (let i = 0; i < 10; i++) store.append(message({ text: `message ${i}` }));
  store.commit();
  const asked: string[] = [];
  let pauses = 0;
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    soon: queueMicrotask,
    after: (_, fn) => {
      pauses++;
      queueMicrotask(fn);
      return () => {};
    },
  };
  const answer = (address: string, { code, ext }: Request): Partial<Command> => {
    const ready = pauses >= readyAfter;
    if (code === 106) return { body: cluster(ready || lateAs ? Object.keys(slaves) : []) };
    const slave = ready ? slaves[address] : lateAs;
    asked.push(`${code} ${address}${ext?.offset ? ` ${ext.offset}` : ""}`);
    if (slave === undefined || slave.is === "down") throw new Error("cannot reach it");
    if (code === 28) {
      if (slave.is === "starting") return {};
      const table = {
        commitLogMinOffset: String(slave.min ?? 0),
        commitLogMaxOffset: String(slave.max ?? store.log.tail),
      };
      return { body: utf8(JSON.stringify({ table })) };
    }
    const ours = recordAt(store.log, Number(ext!.offset))!;
    return slave.record ? { body: slave.record(ours) } : { code: slave.code };
  };
  const calls: Calls = {
    call: (address, request) => {
      if (address === "empty:1") return Promise.resolve(commandOf({ code: 0, body: cluster([]) }));
      if (address === "dead:1") return new Promise((_, reject) => setTimeout(reject, 5));
      return new Promise((resolve) => resolve(commandOf({ code: 0, ...answer(address, request) })));
    },
    hangUp: () => {},
  };
  const witness = new Witness({
    clock,
    calls,
    log: store.log,
    codecs,
    brokerName: "broker-a",
    namesrvAddr: namesrv,
    ownHosts: () => ["10.0.0.1", "127.0.0.1"],
  });
  const verdict = await witness.held({ host, listenPort, wasSent }, first(store));
  await store.close();
  return { held: verdict, asked, store, pauses };
}

function cluster(addresses: readonly string[]): Uint8Array {
  const brokers = ["broker-a", "broker-b"].map((brokerName, i) => ({
    brokerName,
    cluster: "C",
    brokerAddrs: new Map<number, string>([
      [0, "10.0.0.7:1"],
      ...addresses.map((address, id) => [id + 1, i === 0 ? address : "10.0.0.7:9"] as const),
    ]),
  }));
  return formatClusterInfo({ brokers, clusters: new Map() });
}

const A = "10.0.0.7:10911";
const B = "10.0.0.7:20911";

for (
  const { name, slaves, wanted } of [
    { name: "our bytes", slaves: { [A]: SAME }, wanted: "ours" },
    { name: "other bytes", slaves: { [A]: OTHER }, wanted: "other" },
    { name: "fewer bytes", slaves: { [A]: { record: (r) => r.subarray(4) } }, wanted: "other" },
    { name: "no record there, though its log has bytes", slaves: { [A]: NONE }, wanted: "other" },
    {
      name: "none there, where its log begins later",
      slaves: { [A]: { ...NONE, min: 5000 } },
      wanted: "unknown",
    },
    {
      name: "none there while it starts",
      slaves: { [A]: { ...NONE, is: "starting" } },
      wanted: "unknown",
    },
    {
      name: "our bytes while it starts",
      slaves: { [A]: { ...SAME, is: "starting" } },
      wanted: "ours",
    },
    { name: "that it may not say", slaves: { [A]: { code: 16 } }, wanted: "unknown" },
    { name: "nothing", slaves: { [A]: { is: "down" } }, wanted: "unknown" },
    { name: "and one is on another host", slaves: { "10.0.0.8:10911": OTHER }, wanted: "unknown" },
    { name: "both of two on one host ours", slaves: { [A]: SAME, [B]: SAME }, wanted: "ours" },
    {
      name: "two on one host that differ",
      slaves: { [A]: { ...SAME, max: 9e9 }, [B]: { ...OTHER, max: 9e9 } },
      wanted: "unknown",
    },
    {
      name: "of two on one host only one ends where it reports",
      slaves: { [A]: { ...SAME, max: 9e9 }, [B]: OTHER },
      wanted: "other",
    },
    {
      name: "one of two whose log is shorter",
      slaves: { [A]: SAME, [B]: { ...OTHER, max: 5 } },
      wanted: "ours",
    },
  ] as { name: string; slaves: Record<string, Slave>; wanted: string }[]
) {
  test(`held() is ${wanted} when a slave's broker port shows: ${name}`, async () =>
    assertEquals((await held({ slaves })).held, wanted));
}

test("held() asks again, twice, while a slave has not registered, does not answer or is starting", async () => {
  const late: Record<string, Slave | undefined> = {
    "not registered": undefined,
    "no answer": { is: "down" },
    "starting": { ...NONE, is: "starting" },
  };
  for (const [name, lateAs] of Object.entries(late)) {
    for (const [readyAfter, wanted] of [[1, "other"], [2, "other"], [3, "unknown"]] as const) {
      const { held: verdict, pauses } = await held({ slaves: { [A]: OTHER }, readyAfter, lateAs });
      assertEquals([name, verdict, pauses], [name, wanted, Math.min(readyAfter, 2)]);
    }
  }
});

test("held() asks a slave that named itself once: it proved itself", async () => {
  const asked = await held({ slaves: { [A]: { is: "down" } }, listenPort: 10_911 });
  assertEquals([asked.held, asked.pauses, asked.asked], ["unknown", 0, [`28 ${A}`]]);
});

test("held() asks a slave that was sent what it reports once: it is served all the same", async () => {
  const asked = await held({ slaves: {}, wasSent: true });
  assertEquals([asked.held, asked.pauses], ["unknown", 0]);
  assertEquals((await held({ slaves: { [A]: OTHER }, wasSent: true })).held, "other");
});

test("held() asks a slave that named itself where it says, and no name server", async () => {
  const asked = await held({ slaves: { [A]: OTHER, [B]: SAME }, listenPort: 20_911, namesrv: [] });
  assertEquals([asked.held, asked.asked.length], ["ours", 2]);
  assertEquals(asked.asked[0], `28 ${B}`);
});

test("held(): a slave of ours that says its log is empty holds no other history", async () => {
  const slaves = { [A]: { ...NONE, min: 0, max: 0 }, [B]: { ...NONE, min: 65_536, max: 65_536 } };
  assertEquals((await held({ slaves, listenPort: 10_911 })).held, "ours");
  assertEquals((await held({ slaves, listenPort: 20_911 })).held, "ours");
  assertEquals(
    (await held({ slaves })).held,
    "unknown",
    "one that did not name itself may be another",
  );
});

test("held() takes the name server that knows the slave, and a slave of this machine by any of its IPs", async () => {
  const slaves = { "10.0.0.1:20911": SAME };
  const namesrv = ["dead:1", "empty:1", "ns:1"];
  for (const host of ["127.0.0.1", "127.0.0.11"]) {
    assertEquals((await held({ slaves, host, namesrv })).held, "ours", host);
  }
  assertEquals(
    (await held({ slaves, host: "127.0.0.1", namesrv: ["dead:1", "empty:1"] })).held,
    "unknown",
  );
});

test("held() asks for the last whole record before the report", async () => {
  const records: number[] = [];
  {
    const { store, asked } = await held({ slaves: { [A]: SAME } });
    const last = Number(asked[1].split(" ")[2]);
    records.push(last, store.log.tail);
  }
  const [last, tail] = records;
  const ask = async (first: number) =>
    (await held({ slaves: { [A]: SAME }, first: () => first })).asked[1];
  assertEquals(await ask(tail), `33 ${A} ${last}`);
  const before = Number((await ask(tail - 1)).split(" ")[2]);
  assertEquals(before < last, true);
  assertEquals(await ask(last), `33 ${A} ${before}`);
  assertEquals(await ask(last + 1), `33 ${A} ${before}`);
  const none = await held({ slaves: { [A]: SAME }, first: () => 1 });
  assertEquals([none.held, none.asked.length], ["unknown", 1], "nothing lies before it");
});
