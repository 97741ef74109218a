import { clusterBrokers } from "../admin/cluster.ts";
import {
  accept as acceptSlave,
  brokerHa,
  resync as resyncSlave,
  ResyncRefused,
} from "../admin/ha.ts";
import { type Log, reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import { NameServers } from "../client/name_servers.ts";
import { CallError } from "../rpc/peer.ts";
import { Redial } from "../rpc/redial.ts";
import type { ResyncReport } from "../wire/ha_resync.ts";
import { parseAddress } from "../wire/host_address.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP, nameServersOf } from "./cluster.ts";
import { paintFor } from "./colour.ts";
import type { Command, Context } from "./command.ts";
import { Exit, UsageError } from "./exit.ts";
import type { Seen } from "./ha_health.ts";
import { lookJson, lookText, resyncText } from "./ha_text.ts";
import { openLog } from "./logging.ts";
import { Progress } from "./progress.ts";
import { verb } from "./verb.ts";
import { WATCH_FLAG, watched } from "./watch.ts";

/** A resync under way is asked for this often. */
const AGAIN_MS = 200;

const FLAGS = {
  ...CLUSTER_FLAGS,
  broker: { kind: "text", letter: "b", names: "broker" },
} as const;

const status = verb({
  flags: { ...FLAGS, ...WATCH_FLAG },
  words: [],
  run(context, { flags }) {
    if (flags.broker !== undefined) mustBeAddress(flags.broker);
    return withRedial(context, (redial) => runStatus({ ...context, redial }, flags));
  },
});

const resync = verb({
  flags: FLAGS,
  words: [],
  run(context, { flags: { broker, json } }) {
    const slave = named(broker, "resync", "slave");
    return withRedial(context, (redial) => runResync({ ...context, redial }, slave, json));
  },
});

const accept = verb({
  flags: FLAGS,
  words: [{ what: "the address of a slave", kind: "broker" }],
  run(context, { flags: { broker, json }, words: [slave] }) {
    const master = named(broker, "accept", "master");
    return withRedial(context, (redial) => runAccept({ ...context, redial }, slave, master, json));
  },
});

/** `pocketmq ha` */
export const ha: Command = {
  name: "ha",
  usage: "status [-b ADDR] [--watch] | resync -b SLAVE | accept SLAVE -b MASTER",
  summary: "Show how replication is, and put it right",
  help: `
  status            how a broker replicates; without -b, all brokers of the cluster
    --watch         again every 2 s, until Ctrl-C
  resync            on a DIVERGED slave: keep a copy of what differs from its
                    master, cut it off, follow again
  accept SLAVE      have a master serve a slave that it refused as FOREIGN: its log may
                    not be a part of the master's. SLAVE is as status shows it

  -b, --broker ADDR           a broker, host:port (its listenPort, not the HA port)
${CLUSTER_HELP}
States of a slave: CONNECTING, HANDSHAKE (it proves its log to the master), CATCHING_UP,
IN_SYNC, CHAINED (it follows a slave); AHEAD, PURGED, DIVERGED and WRONG_FILE_SIZE follow
nobody and change nothing until somebody decides: status says why and what to do.

Exit codes of status, the worst of all brokers; resync and accept use 0, 1, 4 and 124:
    0  every slave is in sync
    1  a broker cannot be reached, or cannot tell (RocketMQ before 5.0)
    2  the command line is wrong
    3  a slave is on its way or behind, or a SYNC_MASTER has too few in sync
    4  refused for safety: a slave is AHEAD, PURGED, DIVERGED or WRONG_FILE_SIZE, or a
       master refused one in the last minute; resync: it would not be safe
  124  a broker did not answer in time

Examples:
  pocketmq ha status -n '10.0.0.1:9876;10.0.0.2:9876'
  pocketmq ha status -b 10.0.0.5:10911 --watch
  pocketmq ha status --json | jq .health
  pocketmq ha resync -b 10.0.0.6:10911
  pocketmq ha accept 10.0.0.6:10911 -b 10.0.0.5:10911
`,
  verbs: { status, resync, accept },
};

interface HaContext extends Context {
  readonly redial: Redial;
}

function mustBeAddress(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw new UsageError(`-b is "${text}", it must be host:port of a broker`);
}

function named(broker: string | undefined, verb: string, role: string): string {
  if (broker !== undefined) return mustBeAddress(broker);
  throw new UsageError(`ha ${verb} needs -b, the address of the ${role}`);
}

async function withRedial(
  { runtime, terminal }: Context,
  work: (redial: Redial) => Promise<number>,
): Promise<number> {
  const log: Log = openLog((line) => terminal.stderr(line), "text", "warning");
  const redial = new Redial(runtime, log);
  try {
    return await work(redial);
  } finally {
    redial.close();
  }
}

interface StatusFlags {
  readonly broker: string | undefined;
  readonly namesrvAddr: string | undefined;
  readonly json: boolean;
  readonly watch: boolean;
}

async function runStatus(context: HaContext, flags: StatusFlags): Promise<number> {
  const { runtime: { clock }, redial, terminal } = context;
  const servers = flags.broker === undefined
    ? new NameServers(nameServersOf(context, flags), { redial, clock })
    : undefined;
  return await watched(context, flags, async () => {
    const seen = await look(context, flags.broker, servers);
    const now = clock.now();
    return flags.json ? lookJson(seen, now) : lookText(seen, now, paintFor(terminal));
  });
}

/** One broker, or all that are registered; those that cannot be asked say why. */
async function look(
  { redial }: HaContext,
  broker: string | undefined,
  servers: NameServers | undefined,
): Promise<Seen[]> {
  if (servers === undefined) return [await see(redial, broker!)];
  const brokers = await clusterBrokers(servers);
  if (brokers.length === 0) {
    throw new CallError("unreachable", `no broker is registered at name server ${servers.current}`);
  }
  return await Promise.all(
    brokers.map(async (registered) => ({ ...await see(redial, registered.address), registered })),
  );
}

async function see(redial: Redial, address: string): Promise<Seen> {
  try {
    return { address, ha: await brokerHa(redial, address) };
  } catch (error) {
    const late = error instanceof CallError && error.kind === "timeout";
    return {
      address,
      failure: { reason: reasonOf(error), exit: late ? Exit.TIMEOUT : Exit.FAILED },
    };
  }
}

async function runResync(
  { runtime: { clock }, redial, terminal }: HaContext,
  slave: string,
  json: boolean,
): Promise<number> {
  let progress: Progress | undefined;
  try {
    let report: ResyncReport;
    for (let again = false;; again = true) {
      report = await resyncSlave(redial, slave, again);
      if (report.state === "DONE") break;
      if (report.total > 0) progress ??= new Progress(terminal, report.total);
      progress?.at(report.copied);
      await sleep(clock, AGAIN_MS);
    }
    progress?.end();
    terminal.stdout(json ? JSON.stringify(report) + "\n" : resyncText(report));
    return Exit.OK;
  } catch (error) {
    progress?.end();
    if (!(error instanceof ResyncRefused)) throw error;
    terminal.stderr(`pocketmq: ${error.message}\n`);
    return Exit.REFUSED;
  }
}

async function runAccept(
  { redial, terminal }: HaContext,
  slave: string,
  master: string,
  json: boolean,
): Promise<number> {
  await acceptSlave(redial, master, slave);
  terminal.stdout(
    json
      ? JSON.stringify({ accepted: slave, master }) + "\n"
      : `${master} serves ${slave} from its next connection on.\n`,
  );
  return Exit.OK;
}
