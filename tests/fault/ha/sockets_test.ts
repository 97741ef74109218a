import { assert, assertEquals } from "@std/assert";
import { Acks } from "../../../src/ha/acks.ts";
import { MASTER_DEFAULTS, serveSlaves } from "../../../src/ha/master.ts";
import { followMaster, SLAVE_DEFAULTS, SlaveStatus } from "../../../src/ha/slave.ts";
import { Slaves } from "../../../src/ha/slaves.ts";
import type { Connection } from "../../../src/ports/net.ts";
import { test } from "../../harness.ts";
import { answersOfLog, KeptLog } from "../../support/ha.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { runtime } from "../../support/runtime.ts";
import { message, openIn } from "../../support/store.ts";

const { net, clock } = runtime;

test("master and slave copy a log over real sockets, through breaks, and end when told", async () => {
  const master = await openIn(new MemFs());
  const slave = await openIn(new MemFs());
  const put = (count: number) => {
    for (let i = 0; i < count; i++) {
      master.append(message({ queueId: i % 4, text: `message ${i}` }));
    }
    master.commit();
  };
  const stop = new AbortController();
  const log = new KeptLog();
  const acks = new Acks({ inSyncReplicas: 2, fallBehindMax: 1e9 });
  const listener = await net.listen({ host: "127.0.0.1", port: 0 });
  const serving = serveSlaves(listener, {
    commitLog: master.log,
    slaves: new Slaves({ acks, clock, log, source: master.log, born: () => master.born }),
    clock,
    log,
    options: MASTER_DEFAULTS,
  }, stop.signal);
  put(20_000);
  let conn: Connection | undefined;
  const status = new SlaveStatus(clock, log);
  const following = followMaster({
    net: { dial: async (to, options) => conn = await net.dial(to, options) },
    clock,
    store: slave,
    log,
    options: SLAVE_DEFAULTS,
    codecs: runtime.codecs,
    master: () => ({ ha: listener.address, broker: listener.address }),
    answers: () => answersOfLog(() => master.log),
    self: { brokerId: 1, listenPort: 10911 },
    status,
  }, stop.signal);

  await until(() => acks.confirmed === master.log.tail);
  assertEquals(status.state, "IN_SYNC");
  conn!.close();
  put(1_000);
  await until(() => acks.confirmed === master.log.tail);
  for (let i = 0; i < 100; i++) put(10);
  await until(() => acks.confirmed === master.log.tail);
  assertEquals(slave.log.tail, master.log.tail);

  stop.abort();
  await Promise.all([serving, following]);
  assertEquals([acks.slaves, log.with("error").length], [0, 0]);
  await slave.close();
  await master.close();
});

async function until(done: () => boolean): Promise<void> {
  const deadline = clock.monotonic() + 20_000;
  while (!done()) {
    assert(clock.monotonic() < deadline, "it takes too long");
    await new Promise<void>((resolve) => clock.after(5, resolve));
  }
}
