import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { formatOffsetQuery, parseOffsetAnswer } from "../../../src/wire/offset.ts";
import { runPocketmq } from "../../support/binary.ts";
import { type BrokerNode, startBrokerNode } from "../../support/cluster.ts";
import { LONG, Random, seedsToRun } from "../../support/seeds.ts";
import { type TempDir, tempDir } from "../../support/temp.ts";
import { batches } from "../cluster/batches.ts";
import { Asker, findsKeys, holdsAll } from "./check.ts";
import { Ledger } from "./ledger.ts";
import { PLACE, Producers } from "./producers.ts";

const LIVES = LONG ? 6 : 3;
const COMMIT_INTERVAL_MS = 100;
/** What a save of the offsets may take on a busy machine. */
const SAVE_MS = 1_500;
/** The latest moment of a kill after the first answer: offsets must have had their time in some lives. */
const LIFE_MS = COMMIT_INTERVAL_MS + SAVE_MS + 600;
/** Small files, so that they roll. */
const FLAGS = [
  ...["--mappedFileSizeCommitLog", "524288"],
  ...["--mappedFileSizeConsumeQueue", "2000"],
  ...["--maxHashSlotNum", "100", "--maxIndexNum", "400"],
  ...["--flushConsumerOffsetInterval", String(COMMIT_INTERVAL_MS)],
];

/** One broker that is killed again and again while it is sent to, and always comes back with what it answered. */
class Run {
  readonly #flags: readonly string[];
  readonly #dir: string;
  readonly #random: Random;
  readonly #ledger = new Ledger();
  readonly #told: string[] = [];
  #committed = 0;

  constructor(flush: string, folder: TempDir, seed: number) {
    this.#dir = folder.path;
    this.#random = new Random(seed);
    this.#flags = [
      ...["--namesrv", "--master", "--namesrvPort", "0", "--listenPort", "0"],
      ...["--brokerIP1", "127.0.0.1", "--storePathRootDir", this.#dir, "--flushDiskType", flush],
      ...FLAGS,
    ];
  }

  async all(): Promise<void> {
    let node: BrokerNode | undefined;
    try {
      for (let life = 0; life < LIVES; life++) {
        node = await this.#start();
        await this.#look(node);
        await this.#liveAndDie(node, life);
      }
      node = await this.#start();
      await this.#look(node);
      assertEquals(await node.process.stop(), 0, "it ends in order");
      const { code, stdout, stderr } = await runPocketmq(["log", "verify", this.#dir]);
      assertEquals(code, 0, `log verify: ${stdout}${stderr}`);
      node = await this.#start();
      await this.#look(node);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#told.push(node?.process.stderr ?? "");
      throw new Error(`${reason}\n${this.#told.join("\n---\n")}`, { cause: error });
    } finally {
      await node?.process[Symbol.asyncDispose]();
    }
  }

  /** Sends until the kill, which comes whenever it comes. */
  async #liveAndDie(node: BrokerNode, life: number): Promise<void> {
    const producers = new Producers(node.broker, this.#ledger, life, this.#committed, this.#random);
    await producers.begun;
    await new Promise((resolve) => setTimeout(resolve, this.#random.below(LIFE_MS)));
    const killed = performance.now();
    await node.process.kill("SIGKILL");
    await producers.end();
    this.#told.push(node.process.stderr);
    const safe = producers.commits.filter(({ at }) => at < killed - COMMIT_INTERVAL_MS - SAVE_MS);
    this.#committed = safe.at(-1)?.offset ?? this.#committed;
  }

  /** Starts it; now and then it is killed once more while it starts. */
  async #start(): Promise<BrokerNode> {
    if (this.#random.below(3) === 0) {
      const readyWithinMs = this.#random.between(50, 500);
      try {
        return await startBrokerNode("broker", this.#flags, this.#dir, { readyWithinMs });
      } catch (error) {
        if (!(error as Error).message.includes("it did not get ready, exit SIGKILL")) throw error;
      }
    }
    return await startBrokerNode("broker", this.#flags, this.#dir);
  }

  async #look(node: BrokerNode): Promise<void> {
    using asker = new Asker(node);
    await holdsAll(asker, this.#ledger);
    if (this.#ledger.ok.size > 0) await findsKeys(asker, this.#ledger, this.#random);
    const answer = await asker.ask(formatOffsetQuery(PLACE));
    const committed = answer.code === 0 ? parseOffsetAnswer(answer) : 0;
    assertGreaterOrEqual(committed, this.#committed, "a consumer offset was forgotten");
    this.#committed = committed;
  }
}

batches("killed again and again, a broker keeps what it answered, whichever way it flushes", {
  seeds: seedsToRun(1, 10),
  atATime: 1,
  body: async (seed) => {
    await Promise.all(["ASYNC_FLUSH", "SYNC_FLUSH"].map(async (flush) => {
      using folder = tempDir();
      await new Run(flush, folder, seed).all();
    }));
  },
});
