import type { Log } from "../base/log.ts";
import { signalled } from "../base/together.ts";
import { type Broker, startBroker, type StartedFrom } from "../broker/broker.ts";
import type { BrokerConfig } from "../broker/config.ts";
import { type Namesrv, startNamesrv } from "../namesrv/namesrv.ts";
import type { Runtime } from "../ports/host.ts";
import { NetError } from "../ports/net.ts";
import type { Context } from "./command.ts";
import { CopyLine } from "./copy_line.ts";
import { type LogFormat, openLog } from "./logging.ts";

/** A role could not start; the message says which and why. */
export class StartError extends Error {
  override name = "StartError";
}

/** A broker's role as the ready line names it. */
export function roleOf({ brokerRole }: BrokerConfig): "master" | "slave" {
  return brokerRole === "SLAVE" ? "slave" : "master";
}

/** Where a node's lines go. */
export interface NodeOutput {
  readonly log: Log;
  readonly copies: CopyLine;
}

/** The log of a node on stderr, above the line that shows copies. */
export function openOutput({ terminal }: Pick<Context, "terminal">, format: LogFormat): NodeOutput {
  const copies = new CopyLine(terminal);
  return { log: openLog((line) => copies.log(line), format), copies };
}

/** The roles of this process that run, in the order they were started. */
export class Roles {
  readonly #runtime: Runtime;
  readonly #log: Log;
  readonly #copies: CopyLine;
  readonly #cure: string;
  readonly #running: (Namesrv | Broker)[] = [];
  readonly #failed = signalled<string>();

  /** `cure` says how to get other ports, to end a message. */
  constructor(runtime: Runtime, log: Log, copies: CopyLine, cure: string) {
    this.#runtime = runtime;
    this.#copies = copies;
    this.#cure = cure;
    this.#log = log;
  }

  /** @throws {StartError} when its port is taken. */
  async namesrv(config: BrokerConfig): Promise<Namesrv> {
    const { bindAddress: host, namesrvPort: port, kvConfigPath } = config;
    const dataDir = kvConfigPath.slice(0, kvConfigPath.lastIndexOf("/")) || "/";
    const namesrv = await this.#start(
      "the name server",
      { namesrvPort: port },
      () => startNamesrv(this.#runtime, { host, port, dataDir }, this.#log.child("namesrv")),
    );
    this.#keep(namesrv, "the name server");
    return namesrv;
  }

  /** @throws {StartError} when one of its ports is taken. */
  async broker(config: BrokerConfig, from?: StartedFrom): Promise<Broker> {
    const { listenPort, haListenPort, brokerName, brokerId } = config;
    const name = roleOf(config);
    const ports = { listenPort, haListenPort, "listenPort - 2": listenPort - 2 };
    const node = `${brokerName}-${brokerId}`;
    const log = this.#log.child(node);
    const broker = await this.#start(
      `the ${name}`,
      ports,
      () => startBroker(this.#runtime, config, log, this.#copies.of(node), from),
    );
    this.#keep(broker, `the ${name}`);
    return broker;
  }

  /** Resolves with the name of a role that stopped by itself: what is left would only look alive. */
  get failed(): Promise<string> {
    return this.#failed.promise;
  }

  #keep(role: Namesrv | Broker, name: string): void {
    this.#running.push(role);
    role.stopped.then(() => this.#running.includes(role) && this.#failed.resolve(name));
  }

  /** Stops what runs, the last started first: a broker unregisters from the name server beside it. */
  async close(): Promise<void> {
    const closed: PromiseSettledResult<void>[] = [];
    for (const role of this.#running.splice(0).reverse()) {
      closed.push(...await Promise.allSettled([role.close()])); // one that fails does not keep the next open
    }
    const failed = closed.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  async #start<T>(
    name: string,
    ports: Record<string, number>,
    start: () => Promise<T>,
  ): Promise<T> {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof NetError)) throw error;
      throw new StartError(`Cannot start ${name}: ${portTrouble(error, ports, this.#cure)}`, {
        cause: error,
      });
    }
  }
}

/** Which role, which of its ports, who likely has it, and what to do. */
function portTrouble(error: NetError, ports: Record<string, number>, cure: string): string {
  const taken = Object.entries(ports).find(([, port]) => error.message.includes(`:${port}:`));
  if (error.code !== "in-use" || taken === undefined) return error.message;
  const [key, port] = taken;
  const who = key === "namesrvPort" ? "name server" : "broker";
  return `${error.message}, most likely by another ${who}, RocketMQ's or ours, that still runs. ` +
    `The port is ${key}; "ss -ltnp 'sport = :${port}'" shows who has it, ${cure}`;
}

/**
 * Starts roles and keeps them until SIGTERM or SIGINT, then stops them in order; a second signal ends the
 * process at once. `announce` runs when all of them serve.
 */
export async function runRoles(
  { runtime, terminal }: Context,
  { log, copies }: NodeOutput,
  cure: string,
  start: (roles: Roles) => Promise<() => void>,
): Promise<void> {
  const roles = new Roles(runtime, log, copies, cure);
  let stopping = false;
  const stopped = new Promise<void>((resolve) =>
    terminal.onStopSignal((signal) => {
      if (stopping) terminal.exit(SIGNALLED[signal]);
      stopping = true;
      log.info("stopping; a second signal ends it at once", { signal });
      resolve();
    })
  );
  try {
    const announce = await start(roles);
    if (!stopping) announce();
    const failed = await Promise.race([stopped, roles.failed]);
    if (failed !== undefined) throw new StartError(`${failed} stopped by itself; the log says why`);
  } finally {
    await roles.close();
  }
}

/** What a shell shows for a program that a signal ended. */
const SIGNALLED = { SIGINT: 130, SIGTERM: 143 } as const;
