/**
 * Transactions and request-reply of Java 4.9.7's client on our broker; and transactions that one broker left open,
 * ours or Java's, when it was killed, and the other goes on with on the same store.
 */
import { assert } from "@std/assert";
import { join } from "node:path";
import { test } from "../harness.ts";
import { patiently } from "../support/patience.ts";
import { startScenarios } from "./java.ts";
import type { By } from "./matrix/nodes.ts";
import { StoreLab } from "./store/lab.ts";
import { lazily } from "./suite.ts";

const CONFIG = { transactionTimeOut: 1_000, transactionCheckInterval: 2_000 };
/** A Java broker with it dies with its cursors not kept: what it did with open transactions is told by its log only. */
const NEVER_KEPT = { flushConsumerOffsetInterval: 3_600_000 };
const SETTINGS = ["-Drocketmq.client.rebalance.waitInterval=1000"];

const SCENARIOS: Readonly<Record<string, string>> = {
  transactions: "what is committed comes once, what is rolled back never",
  transactionsAsked: "what its producer does not know yet is asked for",
  transactionsOtherProducer: "another producer of the group is asked when the first is gone",
  request: "requests are answered",
  requestAsync: "an asynchronous request is answered",
  requestUnanswered: "a request nobody answers ends in a time-out",
};

const shared = lazily(async () => {
  const lab = await StoreLab.start();
  const broker = lab.broker("ours", "master", "client", CONFIG);
  await broker.start();
  return { lab, broker };
});
const program = lazily(async () => {
  const { lab } = await shared();
  const home = join(lab.home, "java");
  const scenarios = Object.keys(SCENARIOS);
  return startScenarios({ namesrv: lab.namesrv, run: "tx", home, scenarios, settings: SETTINGS });
});

for (const [scenario, says] of Object.entries(SCENARIOS)) {
  test(`Java's client: ${says}`, async () => {
    const line = await (await program()).line(scenario);
    assert(line.ok, `${scenario}: ${line.error}\n${(await shared()).broker.said()}`);
  });
}

test("the broker of these tests ends", async () => {
  const { lab, broker } = await shared();
  await broker.end("SIGTERM");
  await lab.verify("client", true);
  await lab[Symbol.asyncDispose]();
});

test("open transactions of a killed broker, Java's or ours, are ended by the next on its store", async () => {
  await using lab = await StoreLab.start();
  const lives: By[] = ["ours", "java", "ours"];
  for (const [life, by] of lives.entries()) {
    const broker = lab.broker(by, "master", "a", { ...CONFIG, ...by === "java" && NEVER_KEPT });
    await broker.start();
    if (life > 0) await mustPass(lab, broker, life - 1, "transactionsTakenOver");
    // one is left before anything is asked, another when all was asked for
    if (life < lives.length - 1) {
      await mustPass(lab, broker, life, "transactionsLeft", 3_500 * life);
    }
    await broker.end("SIGKILL");
    await lab.verify("a", false);
  }
});

for (const by of ["ours", "java"] as const) {
  const whose = by === "ours" ? "its killed master" : "a killed Java master";
  test(`our slave in the place of ${whose} ends the transactions it left open`, async () => {
    await using lab = await StoreLab.start();
    const master = lab.broker(by, "master", "a", { ...CONFIG, ...by === "java" && NEVER_KEPT });
    const slave = lab.broker("ours", "slave", "b", CONFIG);
    await master.start();
    await slave.start();
    // Java's begins to ask when a round has found nothing that ended
    await mustPass(lab, master, 0, "transactionsLeft", by === "ours" ? 3_500 : 7_500);
    await patiently("the slave is behind", async () => {
      const [from, to] = [await master.bounds(), await slave.bounds()];
      return from !== undefined && from.max === to?.max && to.behind === 0;
    });
    await Promise.all([master.end("SIGKILL"), slave.end("SIGTERM")]);
    const next = lab.broker("ours", "master", "b", CONFIG);
    await next.start();
    await mustPass(lab, next, 0, "transactionsTakenOver");
    await next.end("SIGTERM");
    await lab.verify("b", true);
  });
}

async function mustPass(
  lab: StoreLab,
  broker: { said(): string },
  run: number,
  scenario: string,
  leaveMs = 0,
): Promise<void> {
  const line = await startScenarios({
    namesrv: lab.namesrv,
    run: `life${run}`,
    home: join(lab.home, `${scenario}${run}`),
    scenarios: [scenario],
    settings: [...SETTINGS, `-Dpocketmq.leaveMs=${leaveMs}`],
  }).line(scenario);
  assert(line.ok, `${scenario} ${run}: ${line.error}\n${broker.said()}`);
}
