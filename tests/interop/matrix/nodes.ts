import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { RequestCode } from "../../../src/wire/codes.ts";
import type { Redial } from "../../../src/rpc/redial.ts";
import { type Pocketmq, startPocketmq } from "../../support/binary.ts";
import { startPeer } from "../java.ts";
import { within } from "../processes.ts";

/** Whose program a node runs. */
export type By = "java" | "ours";

/** What both of them are told, as key and value. */
export type Config = Readonly<Record<string, string | number>>;

/** One life of a node. */
interface Life {
  said(): string;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number>;
}

/** What a broker says of its log. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Bytes that its queues do not know yet. */
  readonly behind: number;
}

/** A broker that keeps its ports and its store from one life to the next. */
export class BrokerNode {
  readonly by: By;
  readonly port: number;
  readonly folder: string;
  readonly #role: "master" | "slave";
  readonly #config: Config;
  readonly #calls: Redial;
  #life: Life | undefined;
  #saidBefore = "";

  constructor(
    role: "master" | "slave",
    by: By,
    at: { port: number; folder: string },
    config: Config,
    calls: Redial,
  ) {
    this.#role = role;
    this.by = by;
    this.port = at.port;
    this.folder = at.folder;
    this.#config = { ...config, ...storeIn(at.folder), listenPort: at.port };
    this.#calls = calls;
  }

  get haPort(): number {
    return this.port + 1;
  }

  /** Starts it on what its store holds, and waits until it serves. */
  async start(): Promise<void> {
    const life = this.by === "java" ? this.#java() : this.#ours();
    this.#life = await within(70, `start of the ${this.by} ${this.#role}`, life);
  }

  /** Ends it if it runs; ours must take SIGTERM well. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#life = undefined;
    const code = await within(30, `end of the ${this.by} ${this.#role}`, life.end(signal));
    this.#saidBefore += life.said();
    if (this.by === "ours" && signal === "SIGTERM" && code !== 0) {
      throw new Error(`our ${this.#role} ended with code ${code}: ${this.said()}`);
    }
  }

  /** What it printed in all its lives, the last of it. */
  said(): string {
    return (this.#saidBefore + (this.#life?.said() ?? "")).slice(-3_000);
  }

  /** The bounds of its log; undefined when it does not answer, or not yet. */
  async bounds(): Promise<Bounds | undefined> {
    try {
      const request = { code: RequestCode.GET_BROKER_RUNTIME_INFO };
      const { body } = await this.#calls.call(`127.0.0.1:${this.port}`, request, 2_000);
      const { table } = JSON.parse(new TextDecoder().decode(body));
      return {
        min: Number(table.commitLogMinOffset),
        max: Number(table.commitLogMaxOffset),
        behind: Number(table.dispatchBehindBytes),
      };
    } catch {
      return undefined;
    }
  }

  async #java(): Promise<Life> {
    removeEmptyFiles(this.folder);
    // On a busy machine a Java broker turns sends away after 200 ms; that is not what is tested here.
    const patient = { brokerFastFailureEnable: "false", osPageCacheBusyTimeOutMills: 10_000 };
    try {
      return await startPeer("broker", this.folder, { ...this.#config, ...patient });
    } catch (error) {
      const log = readFileSync(join(this.folder, "broker.log"), "utf8").slice(-2_000);
      throw new Error(`it logged ${log}`, { cause: error });
    }
  }

  async #ours(): Promise<Life> {
    const keys = Object.entries(this.#config).flatMap(([key, value]) => [`--${key}`, `${value}`]);
    mkdirSync(this.folder, { recursive: true });
    return lifeOf(await startPocketmq([`--${this.#role}`, ...keys], { workDir: this.folder }));
  }
}

/** A name server of ours, on a free port. */
export async function startNamesrv(folder: string): Promise<Life & { readonly address: string }> {
  const node = await startPocketmq(["--namesrv", "--namesrvPort", "0"], { workDir: folder });
  return { ...lifeOf(node), address: String(node.ready.namesrv) };
}

/** A run that was broken off leaves nothing behind. */
const alive = new Set<Pocketmq>();
process.on("exit", () => alive.forEach((node) => void node.kill("SIGKILL")));

function lifeOf(node: Pocketmq): Life {
  alive.add(node);
  node.exited.then(() => alive.delete(node));
  return {
    said: () => node.stderr,
    end: async (signal) => (await node.kill(signal)).code ?? 128,
  };
}

/**
 * A kill between the making of a file and of its length leaves an empty one, and Java 4.9.7 ends with code 253
 * at the next start ("0 length not matched"). Its operators remove the file; nothing was in it.
 */
function removeEmptyFiles(folder: string): void {
  for (const part of ["commitlog", "consumequeue"]) {
    if (!existsSync(join(folder, part))) continue;
    const below = readdirSync(join(folder, part), { recursive: true, encoding: "utf8" });
    for (const path of below.map((name) => join(folder, part, name))) {
      const found = statSync(path);
      if (found.isFile() && found.size === 0) rmSync(path);
    }
  }
}

function storeIn(folder: string): Config {
  return { storePathRootDir: folder, storePathCommitLog: join(folder, "commitlog") };
}
