/** The proxy of the matrix breaks streams exactly where it is told: a harness that is off by one proves nothing. */
import { assertEquals } from "@std/assert";
import { connect, createServer, type Socket } from "node:net";
import { encodeReport, encodeTransfer } from "../../../src/ha/frames.ts";
import { test } from "../../harness.ts";
import { CuttingProxy, type Place } from "../../support/cutting_proxy.ts";

const FILE_BYTES = 1000;
/** A heartbeat, then transfers up to 300, 700, 1000, 1400, 2000. */
const STREAM = [[0, 0], [0, 300], [300, 400], [700, 300], [1000, 400], [1400, 600]] as const;

/** Sends the stream behind a report of 0, cut by TCP as given, to a slave behind the proxy. */
async function received(place: Place | undefined, chunkBytes: number) {
  const bytes = STREAM.map(([logOffset, size]) =>
    encodeTransfer({ logOffset, body: new Uint8Array(size).fill(7) })
  );
  await using master = await listen(async (slave) => {
    slave.on("error", () => {});
    await new Promise((resolve) => slave.once("data", resolve));
    const all = Uint8Array.from(bytes.flatMap((one) => [...one]));
    for (let at = 0; at < all.length && !slave.destroyed; at += chunkBytes) {
      await new Promise((done) => slave.write(all.subarray(at, at + chunkBytes), done));
    }
    slave.end();
  });
  await using proxy = await CuttingProxy.start(master.address, FILE_BYTES);
  const cut = place && proxy.breakAt(place);
  const slave = connect(proxy.address);
  slave.write(encodeReport(0));
  let got = 0;
  slave.on("data", (chunk) => got += chunk.length);
  await new Promise((resolve) => slave.once("end", resolve));
  const link = await (cut ?? proxy.links[0]);
  return { got, link };
}

async function listen(serve: (socket: Socket) => void) {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: { host: "127.0.0.1", port: (server.address() as { port: number }).port },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

for (const chunkBytes of [1, 13, 5000]) {
  for (
    const { name, place, passed, end } of [
      { name: "nothing", place: undefined, passed: 2072, end: 2000 },
      { name: "a header", place: { in: "header", from: 1 }, passed: 12 + 312 + 6, end: 300 },
      {
        name: "a header's last byte",
        place: { in: "header", from: 301, bytes: 11 },
        passed: 12 + 312 + 412 + 11,
        end: 700,
      },
      { name: "a body", place: { in: "body", from: 300 }, passed: 12 + 312 + 212, end: 500 },
      {
        name: "a body's last byte",
        place: { in: "body", from: 1000, bytes: 9999 },
        passed: 12 + 312 + 412 + 312 + 411,
        end: 1399,
      },
      { name: "a file end", place: { in: "file end", from: 1 }, passed: 1048, end: 1000 },
      { name: "a later file end", place: { in: "file end", from: 1001 }, passed: 2072, end: 2000 },
    ] as const
  ) {
    test(`the proxy cuts ${name}, ${chunkBytes} bytes a write`, async () => {
      const { got, link } = await received(place, chunkBytes);
      assertEquals(got, passed);
      assertEquals(link.firstReport, 0);
      assertEquals(link.seen.end, end);
      assertEquals(link.seen.first, { logOffset: 0, size: 0 });
      assertEquals(link.seen.acrossFiles, 0);
    });
  }
}

test("the proxy holds a link behind a byte, and the next one passes", async () => {
  const masterSide: Socket[] = [];
  await using master = await listen((socket) => {
    masterSide.push(socket.on("error", () => {}));
    socket.write(encodeTransfer({ logOffset: 0, body: new Uint8Array(300) }));
  });
  await using proxy = await CuttingProxy.start(master.address, FILE_BYTES);
  const held = proxy.breakAt({ in: "body", from: 0, bytes: 100 }, "hold");
  const slaves = [connect(proxy.address)];
  const got = [0, 0];
  slaves[0].on("data", (chunk) => got[0] += chunk.length);
  const link = await held;
  masterSide[0].write(new Uint8Array(50));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals([got[0], link.open], [112, true]);
  slaves.push(connect(proxy.address));
  slaves[1].on("data", (chunk) => got[1] += chunk.length);
  while (got[1] < 312) await new Promise((resolve) => setTimeout(resolve, 10));
  slaves[0].destroy();
  while (link.open) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(proxy.links.map((one) => one.open), [false, true]);
  slaves[1].destroy();
});
