/**
 * Delayed messages, retries and dead letters: Java 4.9.7's client on our broker, which is killed in the middle,
 * and our slave in the place of its dead master.
 */
import { assert } from "@std/assert";
import { join } from "node:path";
import { test } from "../harness.ts";
import { prepareJava, startScenarios } from "./java.ts";
import { Pair } from "./pair.ts";
import { lazily } from "./suite.ts";
import { RequestCode } from "../../src/wire/codes.ts";

/** A group's retry topic is new, and clients look for new queues every 20 s. */
const SETTINGS = ["-Drocketmq.client.rebalance.waitInterval=1000"];
const CONFIG = { messageDelayLevel: "1s 2s 1s 1s 1s" };

const SCENARIOS: Readonly<Record<string, string>> = {
  delayed: "delayed messages come once, at their time, as they were sent",
  retryToDeadLetters: "a message that fails comes again, counted, and ends in the dead letters",
  retryWithLevel: "a listener says how long the next delivery waits",
  retryNever: "a message sent back with a level below 0 is a dead letter at once",
  retryOrderly: "an orderly listener that suspends gets the same message again",
  retryOrderlyToDeadLetters: "an orderly listener's message that failed too often is a dead letter",
};

const shared = lazily(() => Pair.start({ master: "ours", slave: "ours", config: CONFIG }));
const program = lazily(async () => {
  await prepareJava();
  const { namesrv, home } = await shared();
  const scenarios = Object.keys(SCENARIOS);
  const client = join(home, "client");
  return startScenarios({ namesrv, run: "retry", home: client, scenarios, settings: SETTINGS });
});

for (const [scenario, says] of Object.entries(SCENARIOS)) {
  test(`Java's client: ${says}`, async () => {
    const line = await (await program()).line(scenario);
    assert(line.ok, `${scenario}: ${line.error}\n${(await shared()).said()}`);
  });
}

/** Each is killed twice, first when the queue of a level has so many messages more. */
for (
  const { scenario, level, messages, says } of [
    {
      scenario: "delayedThroughDeath",
      level: 1,
      messages: 100,
      says: "delayed messages are stored once each, whose master is killed meanwhile",
    },
    {
      scenario: "retryThroughDeath",
      level: 3,
      messages: 30,
      says: "messages that fail are all handled, whose master is killed meanwhile",
    },
  ]
) {
  test(`Java's client: ${says}`, async () => {
    const pair = await shared();
    const before = await waitingEnd(pair, level);
    const scenarios = [scenario];
    const home = join(pair.home, scenario);
    const order = { namesrv: pair.namesrv, run: "death", home, scenarios, settings: SETTINGS };
    const line = startScenarios(order).line(scenario);
    await pair.until(
      `${messages} messages wait`,
      async () => await waitingEnd(pair, level) >= before + messages,
    );
    for (let life = 0; life < 2; life++) {
      await new Promise((resolve) => setTimeout(resolve, 900));
      await pair.master.end("SIGKILL");
      await pair.master.start();
    }
    const { ok, error } = await line;
    assert(ok, `${scenario}: ${error}\n${pair.said()}`);
  });
}

async function waitingEnd(pair: Pair, level: number): Promise<number> {
  const ext = { topic: "SCHEDULE_TOPIC_XXXX", queueId: String(level - 1) };
  const answer = await pair.ask(pair.master, { code: RequestCode.GET_MAX_OFFSET, ext });
  return Number(answer.ext.offset);
}

test("the brokers of these are ended", async () => {
  const pair = await shared();
  await pair.master.end("SIGTERM");
  await pair[Symbol.asyncDispose]();
});
