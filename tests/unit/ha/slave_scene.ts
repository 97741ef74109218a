import { assertEquals } from "@std/assert";
import type { MasterAnswers } from "../../../src/ha/master_answers.ts";
import type { CommitLog } from "../../../src/store/commit_log.ts";
import type { Store } from "../../../src/store/store.ts";
import { VirtualClock } from "../../support/clock.ts";
import {
  answersOfLog,
  startMaster,
  startSlave,
  type TestSlave,
  type TestSlaveOptions,
} from "../../support/ha.ts";
import { MemFs } from "../../support/mem_fs.ts";
import { MemNet } from "../../support/mem_net.ts";
import { recordOf } from "../../support/records.ts";
import { closeAt, message, openAt } from "../../support/store.ts";

export const FILE = 16_384;
export const OPTIONS = { logFileBytes: FILE, maxMessageBytes: 4096 };

/** What the master's broker port was asked, and what it says beside the truth. */
export class Asked {
  readonly calls: string[] = [];
  says: Partial<MasterAnswers> = {};
  readonly answers: MasterAnswers;

  constructor(log: () => CommitLog | undefined) {
    const truth = answersOfLog(log);
    const of = <K extends keyof MasterAnswers>(name: K): MasterAnswers[K] => {
      const ask = (...args: never[]) => {
        this.calls.push([name, ...args.map((arg) => JSON.stringify(arg))].join(" "));
        return ((this.says[name] ?? truth[name]) as (...args: never[]) => unknown)(...args);
      };
      return ask as unknown as MasterAnswers[K];
    };
    this.answers = {
      settings: of("settings"),
      bounds: of("bounds"),
      recordAt: of("recordAt"),
      name: of("name"),
    };
  }

  /** How often it was asked this since the last time. */
  take(name: string): number {
    const { length } = this.calls.filter((call) => call.startsWith(name));
    this.calls.length = 0;
    return length;
  }
}

export interface Scene {
  readonly clock: VirtualClock;
  readonly net: MemNet;
  readonly master: Store;
  readonly own: Store;
  readonly asked: Asked;
  readonly slave: TestSlave;
  /** The master's HA port says this of its slaves. */
  readonly masterLines: () => string[];
  /** Ends the master's HA port; its broker port goes on. */
  readonly stopMaster: () => Promise<void>;
}

/** Puts messages into a store; another `text` is another history. */
export function put(store: Store, count: number, text = "a"): void {
  for (let i = 0; i < count; i++) {
    store.append(message({ body: new Uint8Array(900).fill(text.charCodeAt(0)) }));
  }
  store.commit();
}

/** The only record of a master whose files before are gone. */
export function recordAt5(): Uint8Array {
  return recordOf(5 * FILE, 1_000);
}

/** A slave whose log was filled by `ours`, under a master whose log was filled by `theirs`. */
export async function scene(
  { ours = () => {}, theirs = () => {}, ownOptions = {}, ...options }:
    & { ours?: (store: Store) => void; theirs?: (store: Store) => void; ownOptions?: object }
    & TestSlaveOptions,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const net = new MemNet(clock);
  const master = await openAt(clock, new MemFs(), OPTIONS);
  const own = await openAt(clock, new MemFs(), { ...OPTIONS, ...ownOptions });
  theirs(master);
  ours(own);
  await clock.settle();
  const serving = await startMaster(net, clock, master.log);
  const asked = new Asked(() => master.log);
  const slave = startSlave(net, clock, own, { answers: asked.answers, ...options });
  await clock.settle();
  const masterLines = () => serving.log.lines;
  const stopMaster = () => serving.stop();
  await body({ clock, net, master, own, asked, slave, masterLines, stopMaster });
  await slave.stop();
  await serving.stop();
  await closeAt(clock, own);
  await closeAt(clock, master);
  assertEquals(clock.waiting, 0, "something was left");
}
