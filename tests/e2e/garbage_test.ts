import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { Outbox } from "../../src/base/bytes.ts";
import type { Address, Connection } from "../../src/ports/net.ts";
import { decodeCommand, putRequest } from "../../src/wire/codec.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { test } from "../harness.ts";
import { startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";

const MEMORY_MAX = 300 * 1024 * 1024;
const GET_CLUSTER_INFO = 106;
const GET_RUNTIME_INFO = 28;

/** What nobody should send, by hand. Each is followed by silence. */
const damages: { name: string; bytes: Uint8Array }[] = [
  { name: "zeros", bytes: new Uint8Array(4096) },
  { name: "all ones", bytes: new Uint8Array(4096).fill(255) },
  { name: "a frame of 2 GiB", bytes: hex("7fffffff 00000010") },
  { name: "a frame one byte too large", bytes: hex("00fffffd 00000010") },
  { name: "a negative length", bytes: hex("80000000 00000010") },
  { name: "a header longer than its frame", bytes: hex("00000008 00ffffff 7b7d7b7d") },
  { name: "an unknown header type", bytes: hex("00000008 05000004 7b7d7b7d") },
  { name: "a header that is no JSON", bytes: hex("00000008 00000004 7b7b7b7b") },
  { name: "a JSON header that is an array", bytes: hex("00000006 00000002 5b5d") },
  { name: "a binary header cut short", bytes: hex("00000008 01000004 00690001") },
  {
    name: "a binary header whose remark is longer than itself",
    bytes: hex("00000019 01000015 0069 00 0197 00000007 00000000 7fffffff 00000000"),
  },
  { name: "TLS", bytes: hex("16030100 f8010000 f40303") },
  { name: "HTTP", bytes: new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n") },
];

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(" ", "").match(/../g)!, (pair) => parseInt(pair, 16));
}

/** Sends bytes, and gives true when the other side closed within `ms`. */
async function closedAfter(address: Address, bytes: Uint8Array, ms: number): Promise<boolean> {
  using conn = await runtime.net.dial(address, { timeoutMs: 3000 });
  const writer = conn.writable.getWriter();
  await writer.write(bytes).catch(() => {});
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) =>
    cancel = runtime.clock.after(ms, () => resolve(false))
  );
  const closed = ended(conn);
  try {
    return await Promise.race([closed, late]);
  } finally {
    cancel();
    conn.close();
    await closed;
  }
}

async function ended(conn: Connection): Promise<true> {
  const reader = conn.readable.getReader();
  try {
    while (!(await reader.read()).done);
  } catch { /* a reset closes as well */ }
  return true;
}

/** One request and its answer over a fresh connection. */
async function ask(address: Address, code: number): Promise<number> {
  using conn = await runtime.net.dial(address, { timeoutMs: 3000 });
  const out = new Outbox();
  putRequest(out, "json", 1, { code }, false);
  await conn.writable.getWriter().write(out.take());
  const frames = new FrameReader();
  const reader = conn.readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("closed without an answer");
    frames.push(value);
    const [frame] = frames.take();
    if (frame) return decodeCommand(frame).code;
  }
}

test("garbage closes its own connection on every port, and everybody else is served", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const remoting = [
    { name: "name server", address: cluster.namesrv, code: GET_CLUSTER_INFO },
    { name: "master", address: cluster.master.broker, code: GET_RUNTIME_INFO },
    { name: "slave", address: cluster.slaves[0].broker, code: GET_RUNTIME_INFO },
  ];
  for (const port of remoting) {
    for (const { name, bytes } of damages) {
      assert(
        await closedAfter(port.address, bytes, 3000),
        `the ${port.name} kept a connection that sent ${name}`,
      );
    }
    assertEquals(await ask(port.address, port.code), 0, `${port.name} after the garbage`);
  }
  for (const ha of [cluster.master.ha, cluster.slaves[0].ha]) {
    for (const report of ["ffffffffffffffff", "1000000000000000", "7fffffffffffffff"]) {
      assert(
        await closedAfter(ha, hex(report), 10_000), // whoever comes back is kept waiting, up to 5 s
        `HA kept a connection that reported ${report}`,
      );
    }
  }
  assertEquals(
    await cluster.send("AfterGarbage", "still here"),
    0,
    "SYNC_MASTER after the garbage",
  );
  for (const node of cluster.nodes) assertLess(await node.residentBytes(), MEMORY_MAX, node.name);
});

test("random bytes on every port leave all nodes alive and small", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const ports = [
    cluster.namesrv,
    cluster.master.broker,
    cluster.master.ha,
    cluster.slaves[0].broker,
    cluster.slaves[0].ha,
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: ports.length - 1 }),
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        // a proper length word before noise gets past the first check
        fc.uint8Array({ minLength: 4, maxLength: 2000 }).map((noise) => {
          const bytes = new Uint8Array(4 + noise.length);
          new DataView(bytes.buffer).setUint32(0, noise.length);
          bytes.set(noise, 4);
          bytes.set([0, 0, 0, Math.min(255, noise.length - 4)], 4);
          return bytes;
        }),
      ),
      async (port, bytes) => {
        await closedAfter(ports[port], bytes, 5);
      },
    ),
    { numRuns: 150 },
  );
  assertEquals(await ask(cluster.namesrv, GET_CLUSTER_INFO), 0);
  assertEquals(await ask(cluster.master.broker, GET_RUNTIME_INFO), 0);
  assertEquals(await cluster.send("AfterNoise", "still here"), 0);
  for (const node of cluster.nodes) assertLess(await node.residentBytes(), MEMORY_MAX, node.name);
});

test("frames that are announced and never sent hold no memory", async () => {
  await using cluster = await startCluster({ slaves: 1 });
  const open: Connection[] = [];
  try {
    for (let i = 0; i < 200; i++) {
      const conn = await runtime.net.dial(cluster.master.broker, { timeoutMs: 3000 });
      open.push(conn);
      await conn.writable.getWriter().write(hex("00fffff0 00000100 7b"));
    }
    assertEquals(await cluster.send("AfterPromises", "still here"), 0);
    assertLess(await cluster.nodes[1].residentBytes(), MEMORY_MAX);
  } finally {
    for (const conn of open) conn.close();
  }
});
