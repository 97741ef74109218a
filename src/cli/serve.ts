import { configOf, type Configured } from "../broker/configure.ts";
import type { Address } from "../ports/net.ts";
import { addressText } from "../wire/host_address.ts";
import { type NodeArgs, parseNode } from "./args.ts";
import type { Context } from "./command.ts";
import { readConf } from "./conf_file.ts";
import { Exit } from "./exit.ts";
import { nodeHelp } from "./help.ts";
import { openOutput, roleOf, type Roles, runRoles } from "./start.ts";

/** What the ready line says: every role that serves, and where. */
export interface Ready {
  readonly ready: true;
  readonly roles: readonly string[];
  readonly namesrv?: string;
  readonly broker?: string;
  readonly ha?: string;
  readonly slaves?: readonly { readonly broker: string; readonly ha: string }[];
}

/** `pocketmq --namesrv | --master | --slave …`: runs a node until it is told to stop. */
export async function runNode(context: Context, args: readonly string[]): Promise<number> {
  const { terminal } = context;
  const node = parseNode(args);
  if (node.help) {
    terminal.stdout(nodeHelp());
    return Exit.OK;
  }
  const configured = configure(node, context); // all that can be wrong with it is said before anything opens
  const output = openOutput(context, node.logFormat);
  for (const warning of configured.warnings) output.log.warn(warning);
  await runRoles(context, output, "a flag of that name takes another", async (roles) => {
    const ready = await startNode(roles, node, configured);
    return () => terminal.stdout(JSON.stringify(ready) + "\n");
  });
  return Exit.OK;
}

/** What a node would run with. @throws {UsageError} {ConfigError} */
export function configure(
  node: NodeArgs,
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
): Configured {
  return configOf({
    roles: { namesrv: node.namesrv, broker: brokerAsked(node) },
    file: node.file === undefined ? undefined : readConf(runtime.fs, node.file),
    env: terminal.env,
    flags: node.keys,
    addresses: runtime.addresses(),
  });
}

/** With a file and no role, the file says which broker; with --namesrv, a file does not add one. */
export function brokerAsked(
  { namesrv, master, slave }: NodeArgs,
): "master" | "slave" | "file" | undefined {
  if (master) return "master";
  if (slave) return "slave";
  return namesrv ? undefined : "file";
}

async function startNode(
  roles: Roles,
  node: NodeArgs,
  { config, origins }: Configured,
): Promise<Ready> {
  const names: string[] = [];
  let namesrv: Address | undefined;
  if (node.namesrv) {
    namesrv = (await roles.namesrv(config)).address;
    names.push("namesrv");
  }
  const found = namesrv && { namesrv: addressText(reachable(namesrv)) };
  if (brokerAsked(node) === undefined) return { ready: true, roles: names, ...found };
  const beside = found !== undefined && origins.get("namesrvAddr") === "process";
  const broker = await roles.broker(
    beside ? { ...config, namesrvAddr: [found.namesrv] } : config, // its port may be known only now
    { file: node.file, origins },
  );
  return {
    ready: true,
    roles: [...names, roleOf(config)],
    ...found,
    broker: addressText(broker.broker),
    ha: addressText(broker.ha),
  };
}

/** Where this machine finds a port that may be bound to all its addresses. */
function reachable({ host, port }: Address): Address {
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host, port };
}
