import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openListeners } from "../../../src/broker/listeners.ts";
import { type Net, NetError } from "../../../src/ports/net.ts";
import { test } from "../../harness.ts";
import { VirtualClock } from "../../support/clock.ts";
import { MemNet } from "../../support/mem_net.ts";

const HOST = "10.0.0.9";

function setUp(): { net: Net; options: { bindAddress: string; haListenPort: number } } {
  const net = new MemNet(new VirtualClock()).host(HOST);
  return { net, options: { bindAddress: HOST, haListenPort: 0 } };
}

function portsOf({ broker, fast, ha }: Awaited<ReturnType<typeof openListeners>>): number[] {
  return [broker, fast, ha].map(({ address }) => address.port);
}

test("openListeners() opens the port, the one 2 below and the one above", async () => {
  const { net, options } = setUp();
  using open = await openListeners(net, { ...options, listenPort: 10911 });
  assertEquals(portsOf(open), [10911, 10909, 10912]);
});

test("openListeners() honours a given HA port", async () => {
  const { net, options } = setUp();
  using open = await openListeners(net, { ...options, listenPort: 10911, haListenPort: 20000 });
  assertEquals(portsOf(open), [10911, 10909, 20000]);
});

for (const offset of [-2, 1]) {
  test(`openListeners() at port 0 passes over a port p whose p + ${offset} is taken`, async () => {
    const { net, options } = setUp();
    using _taken = await net.listen({ host: HOST, port: 41000 + offset });
    const free = [41000, 42000];
    const picks: Net = {
      ...net,
      listen: ({ host, port }) => net.listen({ host, port: port || free.shift()! }),
    };
    using open = await openListeners(picks, { ...options, listenPort: 0 });
    assertEquals(portsOf(open), [42000, 41998, 42001]);
    (await net.listen({ host: HOST, port: 41000 })).close(); // it was let go
  });
}

for (const port of [10911, 10909, 10912]) {
  test(`openListeners() names port ${port} when it is taken, and leaves no other open`, async () => {
    const { net, options } = setUp();
    using _taken = await net.listen({ host: HOST, port });
    const error = await assertRejects(
      () => openListeners(net, { ...options, listenPort: 10911 }),
      NetError,
    );
    assertEquals(error.code, "in-use");
    assertStringIncludes(error.message, String(port));
    for (const free of [10911, 10909, 10912].filter((each) => each !== port)) {
      (await net.listen({ host: HOST, port: free })).close();
    }
  });
}

test("openListeners() at port 0 gives up when the HA port it was given is taken", async () => {
  const { net, options } = setUp();
  using _taken = await net.listen({ host: HOST, port: 20000 });
  const error = await assertRejects(
    () => openListeners(net, { ...options, listenPort: 0, haListenPort: 20000 }),
    NetError,
  );
  assertStringIncludes(error.message, "20000");
});

test("openListeners() passes on what is no taken port", async () => {
  const net = { listen: () => Promise.reject(new NetError("other", "no such address")) };
  const failed = openListeners(net as unknown as Net, {
    bindAddress: "192.0.2.1",
    listenPort: 0,
    haListenPort: 0,
  });
  await assertRejects(() => failed, NetError, "no such address");
});
