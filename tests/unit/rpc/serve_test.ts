import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Connection, Listener } from "../../../src/ports/net.ts";
import type { Handler } from "../../../src/rpc/peer.ts";
import { IDLE_MS, serve } from "../../../src/rpc/serve.ts";
import type { Reply } from "../../../src/wire/command.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { FarEnd } from "../../support/far_end.ts";
import { Lines } from "../../support/store.ts";

/** A listener whose connections come from the test. */
function listener() {
  let out!: ReadableStreamDefaultController<Connection>;
  const connections = new ReadableStream<Connection>({ start: (c) => void (out = c) });
  const state = { closed: 0 };
  const close = () => {
    if (state.closed++ === 0) out.close();
  };
  const open: Listener = {
    address: { host: "10.0.0.9", port: 10911 },
    connections,
    close,
    [Symbol.dispose]: close,
  };
  return { open, state, accept: (far: FarEnd) => out.enqueue(far.conn) };
}

function setUp(
  handlers: Record<number, Handler> = { 7: () => ({ code: 0 }) },
  connectionsMax?: number,
) {
  const clock = new VirtualClock();
  const log = new Lines();
  const stop = new AbortController();
  const { open, state, accept } = listener();
  const table = new Map(Object.entries(handlers).map(([code, handler]) => [+code, handler]));
  const served = serve(open, { handlers: table }, { clock, log, connectionsMax }, stop.signal);
  const connect = () => {
    const far = new FarEnd();
    accept(far);
    return far;
  };
  const end = async () => {
    stop.abort();
    await Promise.all([served, clock.advance(1000)]);
  };
  return { clock, log, stop, served, state, connect, end, listening: open };
}

test("serve() answers each connection on its own", async () => {
  const { clock, connect, end } = setUp({
    7: (_, { remote }) => ({ code: 0, remark: remote.host }),
  });
  const [one, two] = [connect(), connect()];
  one.send({ code: 7 });
  two.send(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
  await clock.settle();
  assertEquals([one.commands().length, one.closed], [1, false]);
  assertEquals([two.commands().length, two.closed], [0, true]);
  await end();
});

test("serve() closes a connection on which nothing came or went for 120 s", async () => {
  const { clock, connect, end } = setUp();
  const [silent, busy] = [connect(), connect()];
  for (let ms = 0; ms < IDLE_MS; ms += 20_000) {
    await clock.advance(20_000);
    assertEquals(silent.closed, false);
    busy.send({ code: 7, oneway: true }); // nothing goes back
  }
  await clock.advance(15_000);
  assertEquals([silent.closed, busy.closed], [true, false]);
  await end();
});

test("serve() counts answers that leave as life", async () => {
  const later: ((reply: Reply) => void)[] = [];
  const { clock, connect, end } = setUp({
    7: () => new Promise<Reply>((resolve) => later.push(resolve)),
  });
  const far = connect();
  far.send({ code: 7 });
  await clock.advance(IDLE_MS - 20_000);
  later[0]({ code: 0 });
  await clock.advance(IDLE_MS - 20_000);
  assertEquals(far.closed, false);
  await clock.advance(40_000);
  assertEquals(far.closed, true);
  await end();
});

test("serve() refuses connections above its limit, and takes new ones when some are gone", async () => {
  const { clock, log, connect, end } = setUp(undefined, 3);
  const open = Array.from({ length: 3 }, connect);
  await clock.settle();
  const refused = connect();
  await clock.settle();
  assertEquals([refused.closed, open.some(({ closed }) => closed)], [true, false]);
  assertEquals(log.lines.length, 1);
  assertStringIncludes(log.lines[0], "too many");
  open[0].end();
  await clock.settle();
  const late = connect();
  late.send({ code: 7 });
  await clock.settle();
  assertEquals([late.closed, late.commands().length], [false, 1]);
  await end();
});

test("serve() stops: no new connections, answers leave, then all are closed", async () => {
  const { clock, stop, served, state, connect } = setUp();
  const [slow, idle] = [connect(), connect()];
  await clock.settle();
  slow.stall(true);
  slow.send({ code: 7 });
  await clock.settle();
  stop.abort();
  await clock.settle();
  assertEquals([state.closed > 0, idle.closed, slow.closed], [true, true, false]);
  slow.stall(false);
  await clock.settle();
  await served;
  assertEquals([slow.closed, slow.commands().length, clock.waiting], [true, 1, 0]);
});

test("serve() waits a second, no more, for a peer that does not read", async () => {
  const { clock, stop, served, connect } = setUp();
  const slow = connect();
  await clock.settle();
  slow.stall(true);
  slow.send({ code: 7 });
  await clock.settle();
  stop.abort();
  await clock.advance(999);
  assertEquals(slow.closed, false);
  await clock.advance(1);
  await served;
  assertEquals([slow.closed, clock.waiting], [true, 0]);
});

test("serve() ends at once when it was stopped before it began", async () => {
  const clock = new VirtualClock();
  const { open, state } = listener();
  await serve(open, { handlers: new Map() }, { clock, log: new Lines() }, AbortSignal.abort());
  assertEquals([state.closed > 0, clock.waiting], [true, 0]);
});

test("serve() closes its connections when the listener ends by itself", async () => {
  const { clock, served, connect, listening } = setUp();
  const far = connect();
  await clock.settle();
  listening.close();
  await clock.settle();
  await served;
  assertEquals([far.closed, clock.waiting], [true, 0]);
});
