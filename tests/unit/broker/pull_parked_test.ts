import { assertEquals } from "@std/assert";
import { FsError } from "../../../src/ports/fs.ts";
import type { ExtFields } from "../../../src/wire/command.ts";
import { plainGroup } from "../../../src/wire/group.ts";
import { test } from "../../harness.ts";
import { pull, send } from "../../support/broker_rig.ts";
import { OWN, PARK, progress, put, textsIn, withMessages } from "../../support/pulls.ts";

const HELD = { queueOffset: "1", sysFlag: String(PARK | OWN), suspendTimeoutMillis: "15000" };

test("a parked pull is answered when its message comes, without waiting", async () => {
  await using rig = await withMessages(["a"]);
  const [client, other] = [rig.client(), rig.client("10.0.0.2")];
  assertEquals(
    await client.askAll(pull(HELD), pull({ ...HELD, queueId: "1", queueOffset: "0" })),
    [],
  );
  assertEquals(rig.pulls.parked, 2);
  await other.ask(send({ topic: "T", queueId: "0" }, "new"));
  const [answer, ...rest] = client.far.commands();
  assertEquals([answer.code, textsIn(answer), answer.opaque, rest.length], [0, ["new"], 1, 0]);
  assertEquals(rig.pulls.parked, 1);
});

test("all pulls parked at a queue are answered by one message", async () => {
  await using rig = await withMessages(["a"]);
  const clients = Array.from({ length: 3 }, (_, i) => rig.client(`10.0.1.${i + 1}`));
  for (const client of clients) await client.askAll(pull(HELD), pull(HELD));
  await put(rig, "new");
  for (const client of clients) {
    assertEquals(client.far.commands().map(textsIn), [["new"], ["new"]]);
    assertEquals(client.far.writes.length, 1);
  }
});

test("a parked pull is answered 19 when its time is up, at most half a second late", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, suspendTimeoutMillis: "3000" }));
  await rig.clock.advance(2999);
  assertEquals(client.far.commands(), []);
  await rig.clock.advance(501);
  const [answer] = client.far.commands();
  assertEquals([answer.code, progress(answer), rig.pulls.parked], [19, [1, 0, 1, 0], 0]);
});

test("without long polling a pull is parked for shortPollingTimeMills", async () => {
  const flags = { longPollingEnable: "false", shortPollingTimeMills: "700" };
  await using rig = await withMessages(["a"], { flags });
  const client = rig.client();
  await client.askAll(pull(HELD));
  await rig.clock.advance(699);
  assertEquals(client.far.commands(), []);
  await rig.clock.advance(501);
  assertEquals(client.far.commands().map(({ code }) => code), [19]);
});

test("a pull with no time to wait is answered at once", async () => {
  await using rig = await withMessages(["a"]);
  const answer = await rig.client().ask(pull({ ...HELD, suspendTimeoutMillis: "0" }));
  assertEquals(answer.code, 19);
});

test("a parked pull sleeps on through messages it does not want, and skips them afterwards", async () => {
  await using rig = await withMessages(["a:x"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, subscription: "x", suspendTimeoutMillis: "9000" }));
  await put(rig, "b:y", "c:y");
  assertEquals([client.far.commands().length, rig.pulls.parked], [0, 1]);
  await put(rig, "d:x");
  const [answer] = client.far.commands();
  assertEquals([textsIn(answer), progress(answer)], [["d"], [4, 0, 4, 0]]);

  await client.askAll(pull({ ...HELD, queueOffset: "4", subscription: "x" }));
  await put(rig, "e:y");
  await rig.clock.advance(15_500);
  const [late] = client.far.commands();
  assertEquals([late.code, progress(late)], [19, [5, 0, 5, 0]]);
});

test("a parked pull with more to look at than one read does goes back to its client", async () => {
  await using rig = await withMessages(["a:x"]);
  const client = rig.client();
  await client.askAll(pull({ ...HELD, subscription: "x" }));
  await put(rig, ...Array.from({ length: 900 }, () => "b:y"));
  const [answer] = client.far.commands();
  assertEquals([answer.code, progress(answer)], [20, [801, 0, 901, 0]]);
});

test("a parked pull whose topic or right to read is gone hears so", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  await client.askAll(pull(HELD));
  rig.parts.groups.update({ ...plainGroup("C"), consumeEnable: false });
  await put(rig, "b");
  assertEquals(client.far.commands().map(({ code }) => code), [16]);
});

test("a parked pull of a closed connection is dropped, and nobody else waits for it", async () => {
  await using rig = await withMessages(["a"]);
  const [gone, stays] = [rig.client(), rig.client("10.0.0.2")];
  await gone.askAll(pull(HELD), pull({ ...HELD, queueId: "1", queueOffset: "0" }));
  await stays.askAll(pull(HELD));
  gone.far.break();
  await rig.clock.settle();
  assertEquals(rig.pulls.parked, 1);
  await put(rig, "new");
  assertEquals([gone.far.writes.length, stays.far.commands().map(textsIn)], [0, [["new"]]]);
  assertEquals(rig.log.lines, []);
});

test("a one-way pull is never answered, parked or not", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  const oneway = (fields: ExtFields) => ({ ...pull(fields), oneway: true });
  await client.askAll(oneway({}), oneway(HELD), oneway({ topic: "U" }));
  await put(rig, "new");
  await rig.clock.advance(20_000);
  assertEquals(client.far.writes.length, 0);
});

test("a parked pull that fails when it is woken hurts no other, and not the store", async () => {
  await using rig = await withMessages(["a"]);
  const [first, second] = [rig.client(), rig.client("10.0.0.2")];
  await first.askAll(pull(HELD));
  await second.askAll(pull(HELD));
  const { log } = rig.store;
  const readAt = log.readAt.bind(log);
  let fails = true;
  log.readAt = (at, into) => {
    const part = readAt(at, into);
    const isAnswer = into.length < 1000;
    if (isAnswer && fails) {
      fails = false;
      throw new FsError("other", "I/O error");
    }
    return part;
  };
  await put(rig, "new");
  assertEquals(first.far.commands().map(({ code }) => code), [1]);
  assertEquals(second.far.commands().map(textsIn), [["new"]]);
  assertEquals([rig.store.dispatch.failure, rig.store.dispatch.position], [undefined, log.tail]);
});

test("a pull that finds no room to wait is answered 2: told 19 it would come again at once", async () => {
  await using rig = await withMessages(["a"]);
  const client = rig.client();
  const answers = await client.askAll(...Array.from({ length: 20_001 }, () => pull(HELD)));
  assertEquals([answers.map(({ code }) => code), rig.pulls.parked], [[2], 20_000]);
});
