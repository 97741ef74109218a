import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import type { Address } from "../../src/ports/net.ts";
import { Redial } from "../../src/rpc/redial.ts";
import type { Command, Request } from "../../src/wire/command.ts";
import { type HaStatus, parseHaStatus } from "../../src/wire/ha_status.ts";
import { type SlaveName, slaveNameFields } from "../../src/wire/slave_name.ts";
import { type BrokerNode, sendRequest, startBrokerNode } from "./cluster.ts";
import { HandSlave } from "./ha.ts";
import { runtime } from "./runtime.ts";
import { tempDir } from "./temp.ts";

/** Files of this size make a log of several soon. */
export const FILE_BYTES = 64 * 1024;
const ASK_MS = 10_000;

/** Waits until it is true; fails with the text when it is not in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(20);
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A master of the real binary without a name server, and bare slaves that a test leads by hand. */
export class HaPort implements AsyncDisposable {
  readonly node: BrokerNode;
  readonly calls: Redial;
  readonly #slaves: HandSlave[] = [];

  constructor(node: BrokerNode) {
    this.node = node;
    this.calls = new Redial(runtime, silentLog);
  }

  ask(request: Request): Promise<Command> {
    return this.calls.call(`127.0.0.1:${this.node.broker.port}`, request, ASK_MS);
  }

  /** Sends a message; gives the answer's code. */
  async send(bodyBytes = 1000, properties = ""): Promise<number> {
    return (await this.ask(sendRequest("HaPort", "x".repeat(bodyBytes), properties))).code;
  }

  /** Stores messages until the log holds so many bytes; whoever does not confirm does not matter. */
  async fill(bytes: number): Promise<void> {
    while ((await this.status()).masterCommitLogMaxOffset < bytes) await this.send();
  }

  /** Answer to 907. */
  async status(): Promise<HaStatus> {
    return parseHaStatus((await this.ask({ code: 907 })).body);
  }

  /** Connects to the HA port. */
  async slave(): Promise<HandSlave> {
    const slave = await dialSlave(this.node.ha);
    this.#slaves.push(slave);
    return slave;
  }

  /** Says whose connection that is, as slaves of ours do. */
  async name(slave: HandSlave, brokerId: number, listenPort = brokerId): Promise<void> {
    const name: SlaveName = slave.nameOf(brokerId, listenPort);
    await this.ask({ code: 21, ext: slaveNameFields(name) });
  }

  /** A slave, with a name when there is an id, that asks for all there is and reports what it gets. */
  async goodSlave(brokerId?: number): Promise<HandSlave> {
    const slave = await this.slave();
    if (brokerId !== undefined) await this.name(slave, brokerId);
    slave.onBytes = () => slave.report(slave.bytes);
    slave.report(0);
    const served = async () =>
      (await this.status()).haConnectionInfo.some(({ addr }) =>
        addr.endsWith(`:${slave.conn.local.port}`)
      );
    await until("it is served", served);
    return slave;
  }

  /** All files of its log, joined. */
  logBytes(): Uint8Array {
    const folder = join(this.node.dir, "commitlog");
    const files = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)));
    return Uint8Array.from(files.flatMap((file) => [...file]));
  }

  /** Open file handles of its process. */
  handles(): number {
    return readdirSync(`/proc/${this.node.process.pid}/fd`).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { conn } of this.#slaves) conn.close();
    this.calls.close();
    await this.node.process[Symbol.asyncDispose]();
  }
}

/** A bare slave of an HA port. */
export async function dialSlave(ha: Address): Promise<HandSlave> {
  return new HandSlave(await runtime.net.dial(ha, { timeoutMs: 5_000 }));
}

/**
 * Runs a test with a master whose log held `bytes` when it opened it: what lies above that, only those may
 * report whom it sent it.
 */
export async function withHaPort(
  { bytes = 0, role = "ASYNC_MASTER", flags = [] }: {
    bytes?: number;
    role?: "SYNC_MASTER" | "ASYNC_MASTER";
    flags?: readonly string[];
  },
  body: (port: HaPort) => Promise<void>,
): Promise<void> {
  using folder = tempDir();
  const dir = join(folder.path, "master");
  const args = (brokerRole: string) => [
    ...["--master", "--brokerRole", brokerRole, "--listenPort", "0", "--brokerIP1", "127.0.0.1"],
    ...["--namesrvAddr", "127.0.0.1:1", "--storePathRootDir", dir],
    ...["--mappedFileSizeCommitLog", String(FILE_BYTES), ...flags],
  ];
  if (bytes > 0) {
    const before = new HaPort(await startBrokerNode("master", args("ASYNC_MASTER"), dir));
    await before.fill(bytes);
    await before[Symbol.asyncDispose]();
  }
  await using port = new HaPort(await startBrokerNode("master", args(role), dir));
  await body(port);
}
