import { spawn } from "node:child_process";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { NetError } from "../../src/ports/net.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { script } from "../support/script.ts";
import { first, outcome, pair, pause, take } from "./net_support.ts";
import { sendSignal } from "../support/signal.ts";

test("closing the writable tells the peer and leaves the other direction open", async () => {
  for (const turned of [false, true]) {
    using both = await pair();
    const [one, other] = turned ? [both.far, both.near] : [both.near, both.far];
    const writer = one.writable.getWriter();
    await writer.write(Uint8Array.of(1, 2, 3));
    await writer.close();
    const asked = other.readable.getReader();
    assertEquals(await take(asked, 10), Uint8Array.of(1, 2, 3)); // up to the end
    await pause(20);
    const answer = new Uint8Array(300_000).fill(9);
    const answering = other.writable.getWriter();
    await answering.write(answer);
    await answering.close();
    const reader = one.readable.getReader();
    assertEquals(await take(reader, answer.length), answer);
    assertEquals((await reader.read()).done, true);
  }
});

test("a FIN behind unread bytes does not cut them off", async () => {
  using both = await pair();
  const writer = both.near.writable.getWriter();
  await writer.write(new Uint8Array(200_000).fill(5));
  await writer.close();
  await pause(50); // all of it lies there before the first read
  const got = await take(both.far.readable.getReader(), 300_000);
  assertEquals(got.length, 200_000);
});

test("what was written before close() still arrives", async () => {
  using both = await pair();
  await both.near.writable.getWriter().write(new Uint8Array(50_000).fill(6));
  both.near.close();
  assertEquals((await take(both.far.readable.getReader(), 60_000)).length, 50_000);
});

test("close() ends a pending read, rejects a pending write and may be repeated", async () => {
  using both = await pair();
  const reading = both.near.readable.getReader().read();
  const writer = both.near.writable.getWriter();
  const writing = (async () => {
    for (;;) await writer.write(new Uint8Array(1024 * 1024));
  })();
  const written = outcome(writing);
  await pause(50);
  both.near.close();
  both.near.close();
  both.near[Symbol.dispose]();
  assert(["ended", "failed"].includes(await outcome(reading)));
  assertEquals(await written, "failed");
  await assertRejects(() => writer.write(Uint8Array.of(1)));
});

test("a closed connection gives no more and takes no more", async () => {
  using both = await pair();
  both.near.close();
  assertEquals((await both.near.readable.getReader().read()).done, true);
  const error = await assertRejects(
    () => both.near.writable.getWriter().write(Uint8Array.of(1)),
    NetError,
  );
  assert(error.message.includes("was closed"), error.message);
});

test("aborting the writable closes the connection", async () => {
  using both = await pair();
  await both.near.writable.abort(new Error("enough"));
  assert((await outcome(both.far.readable.getReader().read())) !== "pending");
});

test("cancelling the readable leaves the other direction open", async () => {
  using both = await pair();
  await both.near.readable.cancel();
  await both.near.writable.getWriter().write(Uint8Array.of(4));
  assertEquals(await take(both.far.readable.getReader(), 1), Uint8Array.of(4));
});

test("a peer that is killed ends the read and fails a blocked write", async () => {
  using listener = await runtime.net.listen({ host: "127.0.0.1", port: 0 });
  const accepted = first(listener.connections);
  const { host, port } = listener.address;
  const [command, args] = script(`
    const net = require("node:net");
    net.connect(${port}, "${host}", function () { this.write("x"); this.pause(); });
    setTimeout(() => {}, 60000);
  `);
  const peer = spawn(command, args, { stdio: "ignore" });
  const gone = new Promise<void>((resolve) => peer.on("exit", () => resolve()));
  try {
    using connection = await accepted;
    const reader = connection.readable.getReader();
    assertEquals((await reader.read()).value, Uint8Array.of(120));
    const reading = outcome(reader.read(), 10_000);
    const writer = connection.writable.getWriter();
    const writing = outcome(
      (async () => {
        for (;;) await writer.write(new Uint8Array(1024 * 1024));
      })(),
      10_000,
    );
    await pause(100);
    sendSignal(peer, "SIGKILL");
    assertEquals(await writing, "failed");
    assert(["ended", "failed"].includes(await reading));
  } finally {
    sendSignal(peer, "SIGKILL");
    await gone;
  }
});

test("a peer that vanishes while nobody reads or writes is noticed at the next read", async () => {
  using both = await pair();
  both.far.close();
  await pause(20);
  const reader = both.near.readable.getReader();
  assert((await outcome(reader.read())) !== "pending");
});

test("dial gives up in time when the other side does not answer", async () => {
  // a stopped process whose queue of unaccepted connections is full: the system drops what else comes
  const [command, args] = script(`
    const server = require("node:net").createServer(() => {});
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      require("node:fs").writeSync(1, server.address().port + "\\n");
    });
  `);
  const peer = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  const gone = new Promise<void>((resolve) => peer.on("exit", () => resolve()));
  try {
    const port = await new Promise<number>((resolve) => {
      peer.stdout!.on("data", (text) => resolve(Number(String(text))));
    });
    sendSignal(peer, "SIGSTOP");
    const started = runtime.clock.monotonic();
    const dials = await Promise.allSettled(
      Array.from(
        { length: 700 }, // Bun's queue holds 512 whatever backlog it is told
        () => runtime.net.dial({ host: "127.0.0.1", port }, { timeoutMs: 400 }),
      ),
    );
    const took = runtime.clock.monotonic() - started;
    for (const dial of dials) if (dial.status === "fulfilled") dial.value.close();
    const late = dials.filter((dial) => dial.status === "rejected");
    assert(late.length > 0, "the queue took them all");
    for (const { reason } of late) {
      assertEquals(reason.code, "timeout");
      assertEquals(
        reason.message,
        `cannot reach 127.0.0.1:${port}: no answer within 400 ms`,
      );
    }
    assert(took >= 390 && took < 5_000, `${took} ms`);
    const stop = new AbortController();
    const stopped = runtime.net.dial({ host: "127.0.0.1", port }, {
      timeoutMs: 60_000,
      signal: stop.signal,
    });
    runtime.clock.after(20, () => stop.abort(new Error("no longer needed")));
    const error = await assertRejects(() => stopped, NetError);
    assertEquals(error.code, "other");
  } finally {
    sendSignal(peer, "SIGKILL");
    await gone;
  }
});
