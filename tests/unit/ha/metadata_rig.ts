import { assertEquals } from "@std/assert";
import { utf8 } from "../../../src/base/bytes.ts";
import { copyMetadata } from "../../../src/ha/metadata.ts";
import type { Address } from "../../../src/ports/net.ts";
import { CallError } from "../../../src/rpc/peer.ts";
import type { Command, ExtFields, Request } from "../../../src/wire/command.ts";
import type { OffsetPosition } from "../../../src/wire/offset.ts";
import type { SlaveName } from "../../../src/wire/slave_name.ts";
import { VirtualClock } from "../../support/clock.ts";
import { goldenBody, goldenExchanges } from "../../support/golden.ts";
import { KeptLog } from "../../support/ha.ts";

export const NOTHING = new Uint8Array(0);

/** A master that answers with what a Java one answered. */
export class FakeMaster {
  readonly bodies = new Map<number, Uint8Array>();
  readonly asked: string[] = [];
  /** Extra fields of each request that has some. */
  readonly named = new Map<number, ExtFields>();
  /** Offsets of group G in queue 0 of T, as 14 gives them and 15 sets them. */
  offset: number | undefined;
  boot = 1;
  reachable = true;
  code = 0;

  constructor() {
    for (const { code, response } of goldenExchanges()) {
      if ([21, 43, 45, 201].includes(code) && response) this.bodies.set(code, goldenBody(response));
    }
    this.end(1000);
  }

  /** What it says about the end of its log. */
  end(logOffset: number | undefined): void {
    const end = logOffset === undefined ? {} : { commitLogMaxOffset: String(logOffset) };
    const table = { ...end, bootTimestamp: String(this.boot) };
    this.bodies.set(28, utf8(JSON.stringify({ table })));
  }

  /** Its process is another one from now on, whose log ends there. */
  restart(logOffset: number): void {
    this.boot++;
    this.end(logOffset);
  }

  // deno-lint-ignore require-await -- fails as Redial does: by rejecting
  async call(address: string, { code, ext = {} }: Request): Promise<Command> {
    this.asked.push(`${code} ${address}`);
    if (!this.reachable) throw new CallError("unreachable", `cannot reach ${address}: refused`);
    if (code === 15) this.offset = Number(ext.commitOffset);
    else if (code !== 14 && Object.keys(ext).length > 0) this.named.set(code, ext);
    const unknown = code === 14 && this.offset === undefined;
    return {
      form: "json",
      code: unknown ? 22 : this.code,
      language: "JAVA",
      version: 407,
      opaque: 0,
      flag: 1,
      remark: undefined,
      ext: code === 14 && !unknown ? { offset: String(this.offset) } : {},
      body: this.bodies.get(code) ?? NOTHING,
    };
  }
}

export interface Scene {
  readonly clock: VirtualClock;
  readonly master: FakeMaster;
  readonly log: KeptLog;
  /** What was applied, in order. */
  readonly applied: string[];
  /** Tables of delay progress that were applied. */
  readonly delays: ReadonlyMap<number, number>[];
  /** The life that each table of offsets came with. */
  readonly lives: number[];
  address: Address | undefined;
  mayCopy: boolean;
  /** The log brought messages of a topic that has no settings here. */
  lacksTopic: boolean;
  followed: boolean;
  name: SlaveName | undefined;
  /** What the owner of offsets says that the master is to be told, and what it has then. */
  further: OffsetPosition[];
  readonly told: number[];
  /** Says that queues know all below it. */
  dispatchedTo(logOffset: number): Promise<void>;
}

export async function copying(body: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const master = new FakeMaster();
  const log = new KeptLog();
  let position = 0;
  let waiting: { logOffset: number; resolve: () => void }[] = [];
  const applied: string[] = [];
  const delays: ReadonlyMap<number, number>[] = [];
  const lives: number[] = [];
  const scene: Scene = {
    clock,
    master,
    log,
    applied,
    delays,
    lives,
    mayCopy: true,
    lacksTopic: false,
    followed: true,
    name: undefined,
    further: [],
    told: [],
    address: { host: "10.0.0.1", port: 10911 },
    async dispatchedTo(logOffset) {
      position = logOffset;
      for (const one of waiting) if (one.logOffset <= position) one.resolve();
      waiting = waiting.filter((one) => one.logOffset > position);
      await clock.settle();
    },
  };
  const stop = new AbortController();
  const done = copyMetadata({
    redial: master,
    clock,
    log,
    store: {
      dispatch: {
        reached: (logOffset) =>
          position >= logOffset
            ? Promise.resolve()
            : new Promise((resolve) => waiting.push({ logOffset, resolve })),
      },
    },
    masterAddress: () => scene.address,
    lacksTopic() {
      const lacks = scene.lacksTopic;
      scene.lacksTopic = false;
      return lacks;
    },
    mayCopy: () => scene.mayCopy,
    followed: () => scene.followed,
    name: () => scene.name,
    owners: {
      topics: ({ topics }) => applied.push(`topics ${topics.size > 0}`),
      deleted: (deleted) => {
        for (const [topic, floor] of deleted) applied.push(`deleted ${topic} ${floor}`);
        return Promise.resolve();
      },
      groups: ({ groups }) => applied.push(`groups ${groups.size > 0}`),
      offsets: (table, life) => {
        applied.push(`offsets ${table.size > 0}`);
        lives.push(life);
        return scene.further;
      },
      told: ({ queueOffset }) => void scene.told.push(queueOffset),
      delay: (table) => (applied.push("delay"), delays.push(table)),
    },
  }, stop.signal);
  await body(scene);
  stop.abort();
  await done;
  assertEquals(clock.waiting, 0);
}
