/** Consumers go on at the slave when their master is killed, and return when it is back: who served is counted. */
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { textOf } from "../../src/base/bytes.ts";
import { RequestCode } from "../../src/wire/codes.ts";
import { test } from "../harness.ts";
import { LONG } from "../support/seeds.ts";
import type { BrokerNode } from "./matrix/nodes.ts";
import { Pair } from "./pair.ts";
import { javaReader, ourReader, type Reader, type Wanted } from "./readers.ts";

const TOPIC = "Read";
const GROUP = "Readers";
const WHOSE = { ours: "our", java: "a Java" } as const;
const WANTED = { group: GROUP, topic: TOPIC };

/** Who reads, and more messages than it pulls ahead. */
interface Kind {
  readonly name: string;
  readonly start: (pair: Pair, wanted: Wanted) => Promise<Reader>;
  /** In the topic. */
  readonly messages: number;
  /** Handled before the master dies; at least this much more than it pulls ahead is handled without it. */
  readonly first: number;
  readonly without: number;
  /** Handled in 200 ms while it is on its way back: slow enough that something is left then. */
  readonly slowly: number;
}

const KINDS: readonly Kind[] = [
  {
    name: "the Java push consumer",
    start: javaReader,
    messages: 600,
    first: 50,
    without: 100,
    slowly: 2,
  },
  {
    name: "our consumer",
    start: ourReader,
    messages: 4_000,
    first: 50,
    without: 1_500,
    slowly: 4,
  },
];

const PAIRS = [
  { master: "ours", slave: "ours" },
  { master: "java", slave: "ours" },
  { master: "ours", slave: "java" },
] as const;

for (const { master, slave } of PAIRS) {
  const ofWhom = `${WHOSE[slave]} slave when ${WHOSE[master]} master`;
  if (slave === "java" && !LONG) continue; // our own end-to-end tests have our consumer with our brokers
  for (const { name, start, messages, first, without, slowly } of LONG ? KINDS : [KINDS[0]]) {
    test(`${name} goes on at ${ofWhom} is killed, and returns to it`, async () => {
      await using pair = await Pair.start({ master, slave });
      await stock(pair, messages);
      const reader = await start(pair, WANTED);
      reader.allow(first);
      await pair.until("the first messages", () => reader.got.length >= first);
      await pair.until("their offset at the master", () => kept(pair, pair.master, first));
      assertGreater(await served(pair, pair.master), 0, "the master served");
      assertEquals(await served(pair, pair.slave), 0, "and the slave did not");

      await pair.master.end("SIGKILL");
      reader.allow(without);
      await pair.until(
        "messages without a master",
        () => reader.got.length >= first + without,
      );
      assertGreater(await served(pair, pair.slave), 0, "the slave served");
      await pair.until("their offset at the slave", () => kept(pair, pair.slave, first + without));

      await pair.master.start();
      await pair.until("a pull at the master that is back", async () => {
        reader.allow(slowly);
        return await served(pair, pair.master) > 0;
      });
      assertLess(reader.got.length, messages, "it had something to read when it came back");
      const bySlave = await served(pair, pair.slave);
      reader.allow(messages);
      await pair.until("everything", () => new Set(reader.got).size === messages);
      assertEquals(await served(pair, pair.slave), bySlave, "the slave served no more");
      await pair.until("the whole offset at the master", () => kept(pair, pair.master, messages));
      await reader.end();
      const again = new Set(reader.got.filter((body, i) => reader.got.indexOf(body) !== i));
      assertLess(again.size, 20, "only what was under way came again");

      await pair.send(TOPIC, "last");
      const next = await start(pair, WANTED);
      next.allow(messages);
      await pair.until("the next message", () => next.got.length > 0);
      await next.end();
      assertEquals(next.got, ["last"], "what was read at either is not read again");
    });
  }

  if (slave === "java") continue; // it tells its master nothing
  if (master === "java" && !LONG) continue;
  test(`what a Java consumer read at ${ofWhom} was away, the master knows then`, async () => {
    await using pair = await Pair.start({ master, slave });
    await stock(pair, 100);
    await pair.until("the topic's settings on the slave", () => pair.topic(pair.slave, TOPIC));
    await pair.master.end("SIGKILL");
    const reader = await javaReader(pair, WANTED);
    reader.allow(100);
    await pair.until("everything from the slave", () => new Set(reader.got).size === 100);
    await pair.until("its offset at the slave", () => kept(pair, pair.slave, 100));
    await reader.end();
    await pair.master.start();
    await pair.until("its offset at the master", () => kept(pair, pair.master, 100));
    await pair.send(TOPIC, "last");
    const next = await javaReader(pair, WANTED);
    next.allow(100);
    await pair.until("the next message", () => next.got.length > 0);
    await next.end();
    assertEquals(next.got, ["last"]);
  });
}

/** Messages in queue 0, and the slave has them. */
async function stock(pair: Pair, count: number): Promise<void> {
  for (let n = 0; n < count; n += 50) {
    const bodies = Array.from({ length: Math.min(50, count - n) }, (_, i) => `${n + i}`);
    await Promise.all(bodies.map((body) => pair.send(TOPIC, body)));
  }
  await pair.until(
    "the messages on the slave",
    async () => await pair.queueEnd(pair.slave, TOPIC) === count,
  );
}

async function kept(pair: Pair, node: BrokerNode, offset: number): Promise<boolean> {
  return (await pair.offset(node, GROUP, TOPIC) ?? 0) >= offset - 1; // ours keeps the one in hand
}

/** Messages that a node gave to pulls since it started. */
async function served(pair: Pair, node: BrokerNode): Promise<number> {
  const { body } = await pair.ask(node, { code: RequestCode.GET_BROKER_RUNTIME_INFO });
  return Number(JSON.parse(textOf(body)).table.msgGetTotalTodayNow);
}
