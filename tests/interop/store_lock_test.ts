/** One store, two brokers at a time: the second is refused, Java's or ours, and the first does not suffer. */
import { assertMatch, assertRejects } from "@std/assert";
import { test } from "../harness.ts";
import { History } from "./store/history.ts";
import { StoreLab } from "./store/lab.ts";
import { freePorts } from "../support/free_ports.ts";

const TOPICS = ["Held"];

test("a store that one broker has open is refused to the other kind, and loses nothing by the attempt", async () => {
  await using lab = await StoreLab.start();
  using history = new History(TOPICS);
  const ours = lab.broker("ours", "master", "store");
  await ours.start();
  history.turnTo(ours);
  await history.send(80);
  const listenPort = await freePorts();
  const second = lab.broker("java", "master", "store", { listenPort });
  const refused = await assertRejects(() => second.start()) as Error;
  // it has recovered the store by then, index and all
  assertMatch(String(refused.cause), /Lock failed,MQ already started/);
  await history.send(40);
  await history.mustBeServed();
  await history.mustHaveKeys();
  await ours.end("SIGKILL");

  const java = lab.broker("java", "master", "store");
  await java.start();
  await history.mustBeServed();
  await history.mustHaveKeys();
  const third = lab.broker("ours", "master", "store", { listenPort });
  const said = String(await assertRejects(() => third.start()));
  assertMatch(said, /exit 4\npocketmq: Cannot open .*\/store: .*java/);
  await history.send(20);
  await history.mustBeServed();
  await java.end("SIGTERM");
  await lab.verify("store", true);
});
