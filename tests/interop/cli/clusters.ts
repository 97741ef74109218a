/** Two clusters, Java's and ours, and our command line run against either; the tests of the command line share them. */
import { assertEquals } from "@std/assert";
import process from "node:process";
import { type Client, connect } from "../../../src/client/client.ts";
import { test } from "../../harness.ts";
import { commandOf, type Exit, runPocketmq, type Via } from "../../support/binary.ts";
import { runtime } from "../../support/runtime.ts";
import { prepareJava } from "../java.ts";
import { lazily } from "../suite.ts";
import { type By, Trio } from "../trio.ts";

/** A name server, a SYNC_MASTER and its slave, all of them Java's or all ours. */
export interface Lab {
  /** For what only one of them does. */
  readonly by: "Java" | "ours";
  /** Addresses, host:port. */
  readonly namesrv: string;
  readonly master: string;
  readonly slave: string;
  /** Runs `pocketmq WORDS` with NAMESRV_ADDR as this cluster's. */
  run(words: readonly string[], options?: RunOptions): Promise<Exit>;
  /** What such a command, words parted by one space, prints on stdout; it must end with 0. */
  out(command: string): Promise<string>;
  /** What it prints on stderr; it must end with `code`. */
  fails(code: number, command: string): Promise<string>;
  /** A client library's client of this cluster, the same at each call. */
  client(): Client;
}

/** More for one run. */
export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly workDir?: string;
}

/** How the command line is run: as the executable, which starts soonest; made once when a source is younger. */
const command = lazily(() =>
  Promise.resolve(commandOf(process.env.POCKETMQ_VIA as Via | undefined ?? "compiled"))
);

/** For both brokers: whether a busy machine is fast enough is not what is tested here. */
const CONFIG = { brokerFastFailureEnable: "false" };

const trios: Trio[] = [];
const clients: Client[] = [];

/** Both clusters, started side by side by the first test that asks. */
const labs = lazily(async () => {
  await prepareJava();
  const [java, ours] = await Promise.all([start("Java"), start("ours")]);
  return { Java: java, ours };
});

/** Registers the test twice: against Java's cluster and against ours. Themes name their topics and groups apart. */
export function onBoth(name: string, body: (lab: Lab) => Promise<void>): void {
  for (const by of ["Java", "ours"] as const) {
    test(`${name}, against ${by}`, async () => {
      const lab = (await labs())[by];
      await body(lab).catch((error) => {
        error.message += `\n${trios.map((trio) => trio.said()).join("\n")}`;
        throw error;
      });
    });
  }
}

/** Ends both clusters; for the last test. */
export async function closeClusters(): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(trios.map((trio) => trio.close()));
}

async function start(name: Lab["by"]): Promise<Lab> {
  const by: By = name === "Java" ? "java" : "deno";
  const trio = await Trio.start({ namesrv: by, master: by, slave: by }, CONFIG);
  trios.push(trio);
  const [namesrv, master, slave] = (["namesrv", "master", "slave"] as const).map((role) =>
    trio.node(role).address
  );
  const run: Lab["run"] = async (words, { env, ...options } = {}) =>
    await runPocketmq(words, {
      command: await command(),
      env: { NAMESRV_ADDR: namesrv, ...env },
      ...options,
    });
  const ended = async (code: number, line: string): Promise<Exit> => {
    const exit = await run(line.split(" "));
    const said = `pocketmq ${line}\n${exit.stdout}${exit.stderr}`;
    assertEquals(exit.code, code, said);
    return exit;
  };
  const client = connect(runtime, { namesrvAddr: namesrv });
  clients.push(client);
  await confirmed(client);
  return {
    by: name,
    namesrv,
    master,
    slave,
    run,
    out: async (command) => (await ended(0, command)).stdout,
    fails: async (code, command) => (await ended(code, command)).stderr,
    client: () => client,
  };
}

/** Sends until the slave has it, too: it may still be on its way to the master. */
async function confirmed(client: Client): Promise<void> {
  const producer = client.producer();
  const late = Date.now() + 120_000;
  for (let why = ""; why !== "SEND_OK";) {
    if (Date.now() > late) throw new Error(`no message reaches the slave: ${why}`);
    const sent = producer.send({ topic: "cli-up", body: "up" });
    why = await sent.then(({ status }) => status, (error) => String(error));
    if (why !== "SEND_OK") await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
