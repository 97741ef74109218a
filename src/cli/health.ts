import type { Calls } from "../admin/ha.ts";
import { silentLog } from "../base/log.ts";
import { configOf } from "../broker/configure.ts";
import { Redial } from "../rpc/redial.ts";
import { parseAddress } from "../wire/host_address.ts";
import { parseFlags, parseNode } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { readConf } from "./conf_file.ts";
import { Exit, UsageError } from "./exit.ts";
import { exitOf, healthJson, healthText } from "./health/health_text.ts";
import { healthOf, type Place } from "./health/look.ts";
import type { NodeHealth } from "./health/node_health.ts";
import { NODE_FLAGS, parted } from "./node_flags.ts";
import { brokerAsked } from "./serve.ts";
import type { Verb } from "./verb.ts";

const TIMEOUT_S = 3;

const FLAGS = {
  broker: { kind: "text", letter: "b", names: "broker" },
  ready: { kind: "switch" },
  timeout: { kind: "count" },
  json: { kind: "switch" },
} as const;

const verb: Verb = {
  flags: { ...FLAGS, ...NODE_FLAGS },
  words: [],
  async run(context, args) {
    const { own, others } = parted(args, FLAGS);
    const { flags } = parseFlags(own, FLAGS);
    const { timeout = TIMEOUT_S } = flags;
    if (timeout === 0) throw new UsageError("--timeout is 0, it must be 1 or more seconds");
    const { places, all } = flags.broker === undefined
      ? placesOf(others, context)
      : { places: [placeOf(flags.broker, others)], all: true };
    const found = await look(context, places, flags.ready, timeout * 1000);
    const nodes = all ? found : found.filter((node) => node.silent !== "unreachable");
    if (nodes.length === 0) return nobody(context, found, flags.json);
    context.terminal.stdout(flags.json ? healthJson(nodes) : healthText(nodes));
    return exitOf(nodes);
  },
};

/** `pocketmq health` */
export const health: Command = {
  name: "health",
  usage: "[-b ADDR | a node's own flags] [--ready] [--timeout N] [--json]",
  summary: "Say in one line whether a node is well, for scripts and containers",
  help: `
Without an address it looks at this machine, on the ports that a node with the same flags,
file and environment takes: at the name server (namesrvPort) and the broker (listenPort)
that run here, or at the roles that are named. Those must be there.

  -b, --broker ADDR   the node at host:port, a broker or a name server
  --ready             it must do all it is there for, not only be alive
  --timeout N         seconds until a node counts as silent, default 3
  --json              one JSON object

Alive: it answers, a master stores messages, no slave is AHEAD, PURGED, DIVERGED or
WRONG_FILE_SIZE. Ready: and a name server has it, a slave is IN_SYNC or CHAINED, a
SYNC_MASTER has as many slaves in sync as inSyncReplicas asks for, and refused none.

Exit codes: 0 well, 1 nobody answers there, 2 the command line is wrong, 3 it answers and
is not well, 124 no answer in time.

Examples:
  pocketmq health
  pocketmq health --ready --slave -c /etc/rocketmq/broker.conf
  pocketmq health -b 10.0.0.5:10911 --json
  HEALTHCHECK CMD ["pocketmq", "health"]
`,
  ...verb,
};

function placeOf(text: string, others: readonly string[]): Place {
  if (others.length > 0) throw new UsageError(`health -b does not take "${others[0]}"`);
  if (parseAddress(text) !== undefined) return { address: text, kind: "any" };
  throw new UsageError(`-b is "${text}", it must be host:port of a node`);
}

/** Where the roles of a node with these flags are on this machine; with no role, those that may be. */
function placesOf(
  args: readonly string[],
  { runtime, terminal }: Context,
): { places: Place[]; all: boolean } {
  const named = args.some((arg) => /^(--(namesrv|master|slave)|-c)(=|$)/.test(arg));
  const node = parseNode(named ? args : [...args, "--namesrv"]);
  const broker = named ? brokerAsked(node) : "file";
  const { config, warnings } = configOf({
    roles: { namesrv: node.namesrv, broker },
    file: node.file === undefined ? undefined : readConf(runtime.fs, node.file),
    env: terminal.env,
    flags: node.keys,
    addresses: runtime.addresses(),
  });
  const misspelt = warnings.filter((warning) => warning.includes("(flag)"));
  for (const warning of misspelt) terminal.stderr(`pocketmq: warning: ${warning}\n`);
  const { bindAddress, namesrvPort, listenPort } = config;
  const host = bindAddress === "0.0.0.0" ? "127.0.0.1" : bindAddress;
  const places: Place[] = [];
  const add = (kind: "namesrv" | "broker", key: string, port: number) => {
    if (port === 0) throw new UsageError(`${key} is 0, a free port: name the node with -b`);
    places.push({ address: `${host}:${port}`, kind });
  };
  if (node.namesrv) add("namesrv", "namesrvPort", namesrvPort);
  if (broker !== undefined) add("broker", "listenPort", listenPort);
  return { places, all: named };
}

async function look(
  { runtime }: Pick<Context, "runtime">,
  places: readonly Place[],
  ready: boolean,
  timeoutMs: number,
): Promise<NodeHealth[]> {
  const { clock } = runtime;
  const redial = new Redial(runtime, silentLog);
  const calls: Calls = {
    call: (address, request, ms) => redial.call(address, request, Math.min(ms, timeoutMs)),
  };
  try {
    const asking = { calls, clock, wanted: ready ? "ready" : "alive" } as const;
    return await Promise.all(places.map((place) => healthOf(place, asking)));
  } finally {
    redial.close();
  }
}

function nobody({ terminal }: Context, found: readonly NodeHealth[], json: boolean): number {
  const reasons = found.flatMap(({ faults }) => faults);
  const text = `no node runs here: ${reasons.join(", ")}\n`;
  terminal.stdout(json ? healthJson(found) : text);
  return Exit.FAILED;
}
