import type { Random } from "../../support/seeds.ts";

/** What can happen to a node or to the line of a slave. */
export type Action =
  | "kill" // -9
  | "kill all" // in one moment
  | "start"
  | "stop" // SIGSTOP
  | "continue"
  | "pause" // both, `amount` ms apart
  | "cut"
  | "cut after" // `amount` more bytes of log and headers
  | "halve" // the master does not hear of the cut
  | "down" // and nobody gets through until it is healed
  | "stall up" // reports do not arrive
  | "stall down" // log bytes do not
  | "stall both"
  | "slow" // `amount` bytes a ms
  | "heal"
  | "fill" // its disk takes no byte behind the first `amount` of a file
  | "make room";

/** One thing that happens. `who` is 0 for the master, else a slave. */
export interface Step {
  /** Messages begun since the step before it. */
  readonly after: number;
  /** First a send must be answered SEND_OK again: the step meets a cluster that works. */
  readonly calm: boolean;
  readonly who: number;
  readonly action: Action;
  readonly amount?: number;
}

/** All that one seed does. */
export interface Plan {
  readonly slaves: 1 | 2;
  /** inSyncReplicas: copies of a message that was answered SEND_OK. */
  readonly replicas: 2 | 3;
  /** Flags of each node. */
  readonly flags: readonly (readonly string[])[];
  readonly steps: readonly Step[];
}

/** The shortest time that a broker here calls its peer silent. */
export const SILENCE_MS = 1_000;

/** Draws a plan. It depends on nothing but the seed, and on whether disks fail too: then half the faults are theirs. */
export function drawPlan(random: Random, disks = false): Plan {
  const slaves = random.pick([1, 2, 2] as const);
  const replicas = slaves === 2 ? random.pick([2, 2, 3] as const) : 2;
  const flags = Array.from({ length: slaves + 1 }, () => [
    "--flushDiskType",
    random.pick(["ASYNC_FLUSH", "ASYNC_FLUSH", "SYNC_FLUSH"]),
    "--haTransferBatchSize",
    String(random.pick([1024, 4096, 32768, 32768])),
  ]);
  const faults = Array.from({ length: random.between(3, 5) }, () => {
    const at = random.below(400);
    return disks && random.below(2) === 0
      ? drawFullDisk(random, slaves, at)
      : drawFault(random, slaves, at);
  });
  return { slaves, replicas, flags, steps: inOrder(faults, random) };
}

interface Timed {
  readonly at: number; // messages since the start
  readonly who: number;
  readonly action: Action;
  readonly amount?: number;
}

/** Faults may overlap; most of those that do not wait until the one before is over. */
function inOrder(faults: readonly (readonly Timed[])[], random: Random): Step[] {
  const ends = faults.map((steps) => Math.max(...steps.map(({ at }) => at)));
  const all = faults.flatMap((steps, fault) => steps.map((step) => ({ ...step, fault })));
  all.sort((a, b) => a.at - b.at);
  return all.map(({ at, who, action, amount, fault }, i) => {
    const begins = at === faults[fault][0].at;
    const alone = faults.every((steps, other) =>
      other === fault || steps[0].at >= at || ends[other] < at
    );
    const after = at - (all[i - 1]?.at ?? 0);
    return {
      after,
      calm: begins && after > 0 && alone && random.below(4) > 0,
      who,
      action,
      amount,
    };
  });
}

function drawFullDisk(random: Random, slaves: number, at: number): Timed[] {
  const who = random.below(slaves + 1);
  return [
    { at, who, action: "fill", amount: random.pick([1, 4_000, 60_000]) },
    { at: at + random.pick([1, 10, 40]), who, action: "make room" },
  ];
}

function drawFault(random: Random, slaves: number, at: number): Timed[] {
  const slave = random.between(1, slaves);
  const back = at + random.pick([1, 10, 40, 100]);
  const during = (who: number, action: Action, end: Action, amount?: number): Timed[] => [
    { at, who, action, amount },
    { at: back, who, action: end },
  ];
  switch (random.below(12)) {
    case 0:
      return during(0, "kill", "start");
    case 1:
      return [
        { at, who: 0, action: "kill all" },
        ...[0, 1, 2].slice(0, slaves + 1).map((who): Timed => (
          { at: at + random.between(1, 60), who, action: "start" }
        )),
      ];
    case 2:
    case 3:
      return during(slave, "kill", "start");
    case 4:
      return [{ at, who: 0, action: "pause", amount: random.pick([50, 400, 1.5 * SILENCE_MS]) }];
    case 5:
      return during(slave, "stop", "continue");
    case 6:
      return [{ at, who: slave, action: "cut" }];
    case 7:
      return [{ at, who: slave, action: "cut after", amount: random.below(20_000) }];
    case 8:
      return [{ at, who: slave, action: "halve" }];
    case 9:
      return during(slave, "down", "heal");
    case 10:
      return during(
        slave,
        random.pick(["stall up", "stall down", "stall both"] as const),
        "heal",
      );
    default:
      return during(slave, "slow", "heal", random.pick([20, 200, 2000]));
  }
}

/** The plan for people, a line for each step. */
export function planText({ slaves, replicas, flags, steps }: Plan): string {
  const nameOf = (who: number) => who === 0 ? "master" : `slave ${who}`;
  return [
    `${slaves} slaves, inSyncReplicas ${replicas}`,
    ...flags.map((own, who) => `${nameOf(who)}: ${own.join(" ")}`),
    ...steps.map(({ after, calm, who, action, amount }) => {
      const when = `${after} messages later${calm ? ", when sends are answered 0" : ""}`;
      return `${when}: ${action} ${amount === undefined ? "" : `${amount}, `}${nameOf(who)}`;
    }),
  ].join("\n");
}
