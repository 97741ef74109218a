import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Address } from "../../../src/ports/net.ts";
import { BadLink } from "../../support/bad_link.ts";
import { type BrokerNode, startBrokerNode } from "../../support/cluster.ts";
import { CountedLoad } from "../../support/counted_load.ts";
import { differences, keysInLog } from "../../support/load.ts";
import { Random } from "../../support/seeds.ts";
import { tempDir } from "../../support/temp.ts";
import { drawPlan, type Plan, planText, SILENCE_MS, type Step } from "./plan.ts";

/** Messages that may be sent while a step is being done. */
const AHEAD = 100;
/** Messages behind the last step. */
const AFTER_ALL = 50;
const HEALED_WITHIN_MS = 40_000;
const LOAD = { topics: ["LoadA", "LoadB"], queues: 3 };
/** Small files, so that they roll, and short times. */
const FLAGS = [
  ...["--mappedFileSizeCommitLog", "131072"],
  ...["--mappedFileSizeConsumeQueue", "1000"],
  ...["--haSendHeartbeatInterval", "200"],
  ...["--haHousekeepingInterval", String(SILENCE_MS)],
  ...["--slaveTimeout", "400"],
  ...["--brokerIP1", "127.0.0.1"],
];

/**
 * One seed: a cluster of its own, a load, and what the plan does to them. Throughout, what was answered
 * SEND_OK is in as many logs as promised whenever the master is dead; in the end all logs and queues are equal
 * and nothing is missing.
 */
export async function runSeed(seed: number, namesrv: Address): Promise<void> {
  const plan = drawPlan(new Random(seed));
  await using run = new Run(plan, seed, namesrv);
  try {
    await run.start();
    await run.suffer();
    await run.heal();
    await run.end();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n${planText(plan)}\n${run.story()}`, { cause: error });
  }
}

/** A node of the cluster, which lives or not; `line` is a slave's way to the master. */
interface Member {
  node: BrokerNode;
  alive: boolean;
  stopped: boolean; // by the plan
  readonly line: BadLink | undefined;
}

class Run implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #seed: number;
  readonly #namesrv: Address;
  readonly #folder = tempDir();
  readonly #members: Member[] = [];
  readonly #told: string[] = []; // what dead processes wrote
  #load: CountedLoad | undefined;

  constructor(plan: Plan, seed: number, namesrv: Address) {
    this.#plan = plan;
    this.#seed = seed;
    this.#namesrv = namesrv;
  }

  async start(): Promise<void> {
    const { slaves, replicas } = this.#plan;
    const master = await this.#launch(0, ["--master", "--brokerRole", "SYNC_MASTER"], [
      "--inSyncReplicas",
      String(replicas),
    ]);
    this.#members.push({ node: master, alive: true, stopped: false, line: undefined });
    for (let who = 1; who <= slaves; who++) {
      const line = await BadLink.open(master.ha, `127.0.0.${10 + who}`);
      const own = ["--haMasterAddress", `127.0.0.1:${line.address.port}`];
      const node = await this.#launch(who, ["--slave", "--brokerId", String(who)], own);
      this.#members.push({ node, alive: true, stopped: false, line });
    }
    this.#load = new CountedLoad(master.broker, LOAD, new Random(this.#seed));
    await this.#confirmed("at the start");
  }

  /** Does what the plan says, at the messages it says. */
  async suffer(): Promise<void> {
    for (const step of this.#plan.steps) {
      if (step.calm) await this.#confirmed("between two faults");
      await this.#send(step.after);
      await this.#do(step);
    }
    await this.#send(AFTER_ALL);
  }

  /** Brings everything back and waits until all slaves have everything. */
  async heal(): Promise<void> {
    for (const [who, { node, alive, line }] of this.#members.entries()) {
      line?.heal();
      if (alive) node.process.kill("SIGCONT");
      else await this.#restart(this.#members[who]);
    }
    await this.#confirmed("after healing");
    await this.#load![Symbol.asyncDispose]();
    await patiently("the slaves do not catch up", () => this.#logDifferences().length === 0);
  }

  /** Stops all in order and looks at what is on the disks. */
  async end(): Promise<void> {
    const [master, ...slaves] = this.#members;
    for (const { node } of [...slaves, master]) {
      assertEquals(await node.process.stop(), 0, `${node.name} ends in order`);
    }
    this.#mustHold("in the end", this.#members, this.#members.length);
    const refused = new Set(this.#load!.refused);
    const kept = [...keysInLog(master.node.dir)].filter((key) => refused.has(key));
    assertEquals(kept, [], "said not to be stored, and it is");
    for (const { node } of slaves) {
      for (const part of ["commitlog", "consumequeue"]) {
        const found = differences(join(master.node.dir, part), join(node.dir, part));
        assertEquals(found, [], `${part} of ${node.name}`);
      }
    }
  }

  /** What the processes said, and how sends were answered: for the one who has to find out. */
  story(): string {
    const answers = [...this.#load?.answers ?? []].map(([code, count]) => `${count} x ${code}`);
    return [
      `answers: ${answers.join(", ")}`,
      ...this.#told,
      ...this.#members.map(({ node }) => said(node)),
    ].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { node, line } of this.#members) {
      await node.process.kill("SIGKILL");
      await line?.[Symbol.asyncDispose]();
    }
    await this.#load?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  async #do({ who, action, amount = 0 }: Step): Promise<void> {
    const member = this.#members[who];
    const { node, alive, line } = member;
    switch (action) {
      case "kill":
        return await (who === 0 ? this.#killMaster(false) : this.#kill(member));
      case "kill all":
        return await this.#killMaster(true);
      case "start":
        if (!alive) await this.#restart(member);
        return;
      case "stop":
        member.stopped = alive;
        return void (alive && node.process.kill("SIGSTOP"));
      case "continue":
        member.stopped = false;
        return void (alive && node.process.kill("SIGCONT"));
      case "pause":
        if (!alive) return;
        node.process.kill("SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, amount));
        return void node.process.kill("SIGCONT");
      case "cut":
        return line!.cut();
      case "cut after":
        return line!.cutAfter(amount);
      case "halve":
        return line!.halve();
      case "down":
        return line!.down();
      case "stall up":
        return line!.stall("up");
      case "stall down":
        return line!.stall("down");
      case "stall both":
        return line!.stall("both");
      case "slow":
        return line!.throttle(amount);
      case "heal":
        return line!.heal();
    }
  }

  async #kill(member: Member): Promise<void> {
    member.alive = member.stopped = false;
    await member.node.process.kill("SIGKILL");
  }

  /**
   * Kills the master, and with `all` the slaves too, in the same moment. Slaves that live are frozen while
   * their logs are looked at: what counts is what they had written when they confirmed.
   */
  async #killMaster(all: boolean): Promise<void> {
    const [master, ...slaves] = this.#members;
    const frozen = slaves.filter(({ alive, stopped }) => !all && alive && !stopped);
    for (const { node } of frozen) node.process.kill("SIGSTOP");
    await Promise.all((all ? this.#members : [master]).map((member) => this.#kill(member)));
    this.#mustHold("when the master is dead", slaves, this.#plan.replicas - 1);
    for (const { node } of frozen) node.process.kill("SIGCONT");
  }

  #launch(who: number, role: readonly string[], own: readonly string[]): Promise<BrokerNode> {
    const dir = join(this.#folder.path, String(who));
    return startBrokerNode(who === 0 ? "master" : `slave ${who}`, [
      ...role,
      ...own,
      ...["--listenPort", "0", "--storePathRootDir", dir],
      ...["--namesrvAddr", `127.0.0.1:${this.#namesrv.port}`, "--brokerName", `seed-${this.#seed}`],
      ...FLAGS,
      ...this.#plan.flags[who],
    ], dir);
  }

  async #restart(member: Member): Promise<void> {
    const { name, flags, dir } = member.node;
    this.#told.push(said(member.node));
    member.node = await startBrokerNode(name, flags, dir);
    member.alive = true;
    if (member.line === undefined) this.#load!.redial();
  }

  /** Lets so many messages be sent, and a few more while the next step is done. */
  async #send(count: number): Promise<void> {
    const load = this.#load!;
    const until = load.sent + count;
    load.allow(until + AHEAD);
    await load.reached(until);
  }

  /** Sends until an answer is SEND_OK. */
  async #confirmed(when: string): Promise<void> {
    const load = this.#load!;
    const before = load.ok.length;
    await patiently(`no send is answered 0 ${when}`, () => {
      load.allow(load.sent + 4);
      return load.ok.length > before;
    });
  }

  /** What was answered SEND_OK up to now is in at least so many of their logs. */
  #mustHold(when: string, holders: readonly Member[], copies: number): void {
    const answered = [...this.#load!.ok];
    const logs = holders.map(({ node }) => keysInLog(node.dir));
    const lost = answered.filter((key) => logs.filter((log) => log.has(key)).length < copies);
    assertEquals(lost, [], `answered SEND_OK, but in fewer than ${copies} logs ${when}`);
  }

  #logDifferences(): string[] {
    const [master, ...slaves] = this.#members.map(({ node }) => join(node.dir, "commitlog"));
    return slaves.flatMap((slave) => differences(master, slave));
  }
}

function said({ name, process }: BrokerNode): string {
  return `--- ${name}, ${process.pid}:\n${process.stderr}`;
}

async function patiently(trouble: string, done: () => boolean): Promise<void> {
  const deadline = performance.now() + HEALED_WITHIN_MS;
  while (!done()) {
    assert(performance.now() < deadline, trouble);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
