import { assertEquals } from "@std/assert";
import { CountedLoad } from "../../support/counted_load.ts";
import { LinedCluster, type Member } from "../../support/lined_cluster.ts";
import { keysInLog } from "../../support/load.ts";
import { patiently } from "../../support/patience.ts";
import { Random } from "../../support/seeds.ts";
import { limitable, limitFiles } from "../../support/small_disk.ts";
import { drawPlan, type Plan, planText, SILENCE_MS, type Step } from "./plan.ts";

/** Messages that may be sent while a step is being done. */
const AHEAD = 100;
/** Messages behind the last step. */
const AFTER_ALL = 50;
const LOAD = { topics: ["LoadA", "LoadB"], queues: 3 };
/** Small files, so that they roll, and short times. */
const FLAGS = [
  ...["--mappedFileSizeCommitLog", "131072"],
  ...["--mappedFileSizeConsumeQueue", "1000"],
  ...["--haSendHeartbeatInterval", "200"],
  ...["--haHousekeepingInterval", String(SILENCE_MS)],
  ...["--slaveTimeout", "400"],
];

/**
 * One seed: a cluster of its own, a load, and what the plan does to them. Throughout, what was answered
 * SEND_OK is in as many logs as promised whenever the master is dead; in the end all logs and queues are equal
 * and nothing is missing.
 */
export async function runSeed(seed: number, disks = false): Promise<void> {
  const plan = drawPlan(new Random(seed), disks);
  let run: Run | undefined;
  try {
    run = await Run.start(plan, seed);
    await run.suffer();
    await run.heal();
    await run.end();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}\n${planText(plan)}\n${run?.story() ?? ""}`, { cause: error });
  } finally {
    await run?.[Symbol.asyncDispose]();
  }
}

class Run implements AsyncDisposable {
  readonly #plan: Plan;
  readonly #cluster: LinedCluster;
  readonly #load: CountedLoad;

  private constructor(plan: Plan, cluster: LinedCluster, load: CountedLoad) {
    this.#plan = plan;
    this.#cluster = cluster;
    this.#load = load;
  }

  static async start(plan: Plan, seed: number): Promise<Run> {
    const cluster = await LinedCluster.start({
      slaves: plan.slaves,
      flags: [...FLAGS, "--inSyncReplicas", String(plan.replicas)],
      own: (who) => plan.flags[who],
      how: () => limitable(),
      brokerName: `seed-${seed}`,
    });
    return new Run(plan, cluster, new CountedLoad(cluster.master.broker, LOAD, new Random(seed)));
  }

  /** Does what the plan says, when it says. */
  async suffer(): Promise<void> {
    await this.#confirmed("at the start");
    for (const step of this.#plan.steps) {
      if (step.calm) await this.#confirmed("between two faults");
      await this.#send(step.after);
      await this.#do(step);
    }
    await this.#send(AFTER_ALL);
  }

  /** Brings everything back and waits until all slaves have everything. */
  async heal(): Promise<void> {
    for (const member of this.#cluster.members) {
      member.line?.heal();
      this.#cluster.stop(member, false);
      if (member.alive) limitFiles(member.node.process, undefined);
      else await this.#restart(member);
    }
    await this.#confirmed("after healing");
    await this.#load[Symbol.asyncDispose]();
    await patiently(
      "the slaves do not catch up",
      () => this.#cluster.differences("commitlog").length === 0,
    );
  }

  /** Stops all in order and looks at what is on the disks. */
  async end(): Promise<void> {
    const { master, members, slaves } = this.#cluster;
    for (const { node } of [...slaves, members[0]]) {
      assertEquals(await node.process.stop(), 0, `${node.name} ends in order`);
    }
    this.#mustHold("in the end", members, members.length);
    const refused = new Set(this.#load.refused);
    const kept = [...keysInLog(master.dir)].filter((key) => refused.has(key));
    assertEquals(kept, [], "said not to be stored, and it is");
    for (const part of ["commitlog", "consumequeue"] as const) {
      assertEquals(this.#cluster.differences(part), [], part);
    }
  }

  /** How sends were answered and what the processes said: for the one who has to find out. */
  story(): string {
    const answers = [...this.#load.answers].map(([code, count]) => `${count} x ${code}`);
    return `answers: ${answers.join(", ")}\n${this.#cluster.story()}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    await this.#load[Symbol.asyncDispose]();
  }

  async #do({ who, action, amount = 0 }: Step): Promise<void> {
    const cluster = this.#cluster;
    const member = cluster.members[who];
    const line = member.line!;
    switch (action) {
      case "kill":
        return await (who === 0 ? this.#killMaster(false) : cluster.kill(member));
      case "kill all":
        return await this.#killMaster(true);
      case "start":
        return await (member.alive ? undefined : this.#restart(member));
      case "stop":
        return cluster.stop(member, true);
      case "continue":
        return cluster.stop(member, false);
      case "pause":
        cluster.stop(member, true);
        await new Promise((resolve) => setTimeout(resolve, amount));
        return cluster.stop(member, false);
      case "cut":
        return line.cut();
      case "cut after":
        return line.cutAfter(amount);
      case "halve":
        return line.halve();
      case "down":
        return line.down();
      case "stall up":
        return line.stall("up");
      case "stall down":
        return line.stall("down");
      case "stall both":
        return line.stall("both");
      case "slow":
        return line.throttle(amount);
      case "heal":
        return line.heal();
      case "fill":
        return member.alive ? limitFiles(member.node.process, amount) : undefined;
      case "make room":
        return member.alive ? limitFiles(member.node.process, undefined) : undefined;
    }
  }

  /**
   * Kills the master, and with `all` the slaves too, in the same moment. Slaves that live are frozen while
   * their logs are looked at: what counts is what they had written when they confirmed.
   */
  async #killMaster(all: boolean): Promise<void> {
    const { members, slaves } = this.#cluster;
    const frozen = slaves.filter(({ alive, stopped }) => !all && alive && !stopped);
    for (const slave of frozen) this.#cluster.stop(slave, true);
    await Promise.all(members.slice(0, all ? undefined : 1).map((one) => this.#cluster.kill(one)));
    this.#mustHold("when the master is dead", slaves, this.#plan.replicas - 1);
    for (const slave of frozen) this.#cluster.stop(slave, false);
  }

  async #restart(member: Member): Promise<void> {
    await this.#cluster.restart(member);
    if (member.who === 0) this.#load.redial();
  }

  /** Lets so many messages be sent, and a few more while the next step is done. */
  async #send(count: number): Promise<void> {
    const until = this.#load.sent + count;
    this.#load.allow(until + AHEAD);
    await this.#load.reached(until);
  }

  /** Sends until an answer is SEND_OK. */
  async #confirmed(when: string): Promise<void> {
    const load = this.#load;
    const before = load.ok.length;
    await patiently(`no send is answered 0 ${when}`, () => {
      load.allow(load.sent + 4);
      return load.ok.length > before;
    });
  }

  /** What was answered SEND_OK up to now is in at least so many of their logs. */
  #mustHold(when: string, holders: readonly Member[], copies: number): void {
    const answered = [...this.#load.ok];
    const logs = holders.map(({ node }) => keysInLog(node.dir));
    const lost = answered.filter((key) => logs.filter((log) => log.has(key)).length < copies);
    assertEquals(lost, [], `answered SEND_OK, but in fewer than ${copies} logs ${when}`);
  }
}
