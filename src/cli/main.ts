import { CorruptLogError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { isOlder } from "../base/version.ts";
import { ConfigError } from "../broker/configure.ts";
import { AnswerError } from "../client/errors.ts";
import { FsError } from "../ports/fs.ts";
import { NetError } from "../ports/net.ts";
import { CallError } from "../rpc/peer.ts";
import { StoreRefusal } from "../store/errors.ts";
import { broker } from "./admin/broker.ts";
import { cluster } from "./admin/cluster.ts";
import { group } from "./admin/group.ts";
import { message } from "./admin/message.ts";
import { namesrv } from "./admin/namesrv.ts";
import { offset } from "./admin/offset.ts";
import { topic } from "./admin/topic.ts";
import { admin } from "./admin_command.ts";
import { bench } from "./bench/bench.ts";
import type { Command, Context } from "./command.ts";
import { completionOf } from "./completion.ts";
import { config } from "./config.ts";
import { consume } from "./consume.ts";
import { dev } from "./dev.ts";
import { doctor } from "./doctor.ts";
import { Exit, UsageError } from "./exit.ts";
import { ha } from "./ha.ts";
import { health } from "./health.ts";
import { helpOf, overview } from "./help.ts";
import { log } from "./log.ts";
import { send } from "./send.ts";
import { runNode } from "./serve.ts";
import { StartError } from "./start.ts";
import { runVerbs } from "./verb.ts";
import { version } from "./version.ts";

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  dev,
  send,
  consume,
  topic,
  group,
  message,
  offset,
  cluster,
  broker,
  namesrv,
  admin,
  ha,
  doctor,
  health,
  bench,
  log,
  config,
  completionOf(() => commands),
  version,
];

/** Bun before this loses or doubles bytes of a TCP connection after a partial write (oven-sh/bun issue 32087). */
const BUN_MIN = "1.4.0";

/** Runs the command line of this process and gives its exit code; what went wrong has been said then. */
export async function main(context: Context): Promise<number> {
  const { runtime, terminal } = context;
  const refusal = refusalOf(runtime);
  if (refusal !== undefined) {
    terminal.stderr(`pocketmq: ${refusal}\n`);
    return Exit.FAILED;
  }
  const command = commands.find(({ name }) => name === terminal.args[0]);
  try {
    return command ? await runCommand(command, context) : await runBare(context);
  } catch (error) {
    return explain(error, context, command);
  }
}

/** Why the core cannot be trusted to this runtime; undefined when it can. */
export function refusalOf(
  { name, version }: { name: string; version: string },
): string | undefined {
  if (name !== "bun" || !isOlder(version, BUN_MIN)) return undefined;
  return `Bun ${version} loses bytes on TCP connections; Bun ${BUN_MIN} or newer is needed, or Deno`;
}

async function runCommand(command: Command, context: Context): Promise<number> {
  const args = context.terminal.args.slice(1);
  if (asksForHelp(args) && !command.helpsItself) {
    context.terminal.stdout(helpOf(command));
    return Exit.OK;
  }
  return await runVerbs(command, context, args, command.name);
}

async function runBare(context: Context): Promise<number> {
  const { terminal } = context;
  const [first, ...rest] = terminal.args;
  if (first === undefined) {
    terminal.stderr(overview(commands));
    return Exit.USAGE;
  }
  if (first === "--version") return await runCommand(version, context);
  if (["--help", "-h", "help"].includes(first)) {
    const asked = commands.find(({ name }) => name === rest[0]);
    terminal.stdout(asked ? helpOf(asked) : overview(commands));
    return Exit.OK;
  }
  if (first.startsWith("-")) return await runNode(context, terminal.args);
  const meant = nearest(first, commands.map(({ name }) => name));
  throw new UsageError(`unknown command "${first}"${meant ? `, did you mean ${meant}?` : ""}`);
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === "--help" || arg === "-h");
}

/** Says on stderr why a command failed; the exit code tells scripts whose fault it was. */
function explain(error: unknown, { terminal }: Context, command: Command | undefined): number {
  const code = exitCodeOf(error);
  terminal.stderr(`pocketmq: ${code === undefined ? bugOf(error) : (error as Error).message}\n`);
  if (error instanceof UsageError) {
    const at = error.helpAt ?? command?.name;
    terminal.stderr(`Try: pocketmq ${at ? `${at} ` : ""}--help\n`);
  }
  return code ?? Exit.FAILED;
}

/** Undefined for what no one foresaw. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError || error instanceof ConfigError) return Exit.USAGE;
  if (error instanceof StoreRefusal || error instanceof CorruptLogError) return Exit.REFUSED;
  if (error instanceof CallError) return error.kind === "timeout" ? Exit.TIMEOUT : Exit.FAILED;
  if (
    error instanceof StartError || error instanceof AnswerError || error instanceof NetError ||
    error instanceof FsError
  ) {
    return Exit.FAILED;
  }
  return undefined;
}

function bugOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
