import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { NetError } from "../../src/ports/net.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { first, outcome, pair, pause, take } from "./net_support.ts";

const { net } = runtime;
const LOOPBACK = { host: "127.0.0.1", port: 0 };

test("a connection carries bytes both ways", async () => {
  using both = await pair();
  const near = { reader: both.near.readable.getReader(), writer: both.near.writable.getWriter() };
  const far = { reader: both.far.readable.getReader(), writer: both.far.writable.getWriter() };
  for (const text of ["one", "two", "a longer third"]) {
    const bytes = new TextEncoder().encode(text);
    await near.writer.write(bytes);
    const echoed = await take(far.reader, bytes.length);
    await far.writer.write(echoed);
    assertEquals(await take(near.reader, bytes.length), bytes);
  }
});

test("both ends agree on their addresses", async () => {
  using both = await pair();
  assertEquals(both.near.local, both.far.remote);
  assertEquals(both.near.remote, both.far.local);
  assertEquals(both.near.local.host, "127.0.0.1");
});

test("small writes arrive in order and whole", async () => {
  using both = await pair();
  const count = 20_000;
  const sending = (async () => {
    const writer = both.near.writable.getWriter();
    for (let i = 0; i < count; i++) {
      const written = writer.write(Uint8Array.of(i >>> 16, i >>> 8, i, 0xff));
      if (i % 64 === 0) await written; // most are queued behind others, as in a burst of answers
    }
    await writer.close();
  })();
  const got = await take(both.far.readable.getReader(), 4 * count);
  await sending;
  for (let i = 0; i < count; i++) {
    const number = (got[4 * i] << 16) | (got[4 * i + 1] << 8) | got[4 * i + 2];
    if (number !== i) assertEquals(number, i);
  }
});

test("a chunk is never written to again", async () => {
  using both = await pair();
  const writer = both.near.writable.getWriter();
  const reader = both.far.readable.getReader();
  const kept: Uint8Array[] = [];
  for (let i = 0; i < 300; i++) {
    await writer.write(new Uint8Array(1000).fill(i));
    for (let seen = 0; seen < 1000;) {
      const { value } = await reader.read();
      kept.push(value!);
      seen += value!.length;
    }
  }
  let at = 0;
  for (const chunk of kept) {
    for (const byte of chunk) {
      if (byte !== (Math.floor(at / 1000) & 0xff)) assertEquals(byte, Math.floor(at / 1000) & 0xff);
      at++;
    }
  }
});

test("chunks are plain Uint8Arrays", async () => {
  using both = await pair();
  await both.near.writable.getWriter().write(Uint8Array.of(1, 2, 3));
  const { value } = await both.far.readable.getReader().read();
  assertEquals(Object.getPrototypeOf(value), Uint8Array.prototype);
});

test("dial says that nobody listens", async () => {
  const listener = await net.listen(LOOPBACK);
  const { address } = listener;
  listener.close();
  const error = await assertRejects(() => net.dial(address, { timeoutMs: 5_000 }), NetError);
  assertEquals(error.code, "refused");
  assertEquals(
    error.message,
    `cannot reach 127.0.0.1:${address.port}: nobody listens there`,
  );
});

test("dial gives up at once when its signal is aborted already", async () => {
  using listener = await net.listen(LOOPBACK);
  const dial = net.dial(listener.address, { timeoutMs: 5_000, signal: AbortSignal.abort() });
  const error = await assertRejects(() => dial, NetError);
  assertEquals(error.code, "other");
});

test("dial with a signal leaves the connection alone when the signal aborts later", async () => {
  using listener = await net.listen(LOOPBACK);
  const accepted = first(listener.connections);
  const stop = new AbortController();
  using near = await net.dial(listener.address, { timeoutMs: 5_000, signal: stop.signal });
  using far = await accepted;
  stop.abort();
  await pause(20);
  await near.writable.getWriter().write(Uint8Array.of(7));
  assertEquals(await take(far.readable.getReader(), 1), Uint8Array.of(7));
});

test("listen says that a port is taken", async () => {
  using listener = await net.listen(LOOPBACK);
  const error = await assertRejects(() => net.listen(listener.address), NetError);
  assertEquals(error.code, "in-use");
  assert(error.message.includes(String(listener.address.port)), error.message);
});

test("listen on port 0 finds a free one and says which", async () => {
  using a = await net.listen(LOOPBACK);
  using b = await net.listen(LOOPBACK);
  assert(a.address.port > 0 && b.address.port > 0);
  assert(a.address.port !== b.address.port);
  assertEquals(a.address.host, "127.0.0.1");
});

test("listen on all addresses shows an IPv4 peer as IPv4", async () => {
  using listener = await net.listen({ host: "0.0.0.0", port: 0 });
  const accepted = first(listener.connections);
  const to = { host: "127.0.0.1", port: listener.address.port };
  using _near = await net.dial(to, { timeoutMs: 5_000 });
  using far = await accepted;
  assertEquals(far.remote.host, "127.0.0.1");
});

test("closing a listener ends its iteration, keeps what was accepted and frees the port", async () => {
  const listener = await net.listen(LOOPBACK);
  const taken: { close(): void }[] = [];
  const accepting = (async () => {
    for await (const connection of listener.connections) taken.push(connection);
  })();
  using near = await net.dial(listener.address, { timeoutMs: 5_000 });
  await pause(20);
  listener.close();
  listener.close();
  assertEquals(await outcome(accepting), "done");
  assertEquals(taken.length, 1);
  await near.writable.getWriter().write(Uint8Array.of(1)); // still alive
  using again = await net.listen(listener.address);
  assertEquals(again.address.port, listener.address.port);
  for (const connection of taken) connection.close();
});

test("a thousand connections come and go", async () => {
  using listener = await net.listen(LOOPBACK);
  const serving = (async () => {
    for await (const connection of listener.connections) {
      void connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  let answered = 0;
  for (let wave = 0; wave < 10; wave++) {
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      using connection = await net.dial(listener.address, { timeoutMs: 10_000 });
      const writer = connection.writable.getWriter();
      const reader = connection.readable.getReader();
      await writer.write(Uint8Array.of(wave, i));
      assertEquals(await take(reader, 2), Uint8Array.of(wave, i));
      await writer.close();
      assertEquals((await reader.read()).done, true);
      answered++;
    }));
  }
  assertEquals(answered, 1000);
  listener.close();
  await serving;
});

test("NetError keeps what the runtime said", async () => {
  const error = await assertRejects(
    () => net.dial({ host: "127.0.0.1", port: 1 }, { timeoutMs: 2_000 }),
    NetError,
  );
  assertInstanceOf(error.cause, Error);
});
