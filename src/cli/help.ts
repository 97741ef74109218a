import { type ConfigKey, options } from "../broker/config.ts";
import type { Command } from "./command.ts";
import { tableOf } from "./table.ts";

const NODE_USAGE =
  "pocketmq --namesrv | --master | --slave  [-c broker.conf] [--KEY VALUE ...] [--logFormat text|json]";

/** What `pocketmq` alone prints. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary]);
  return `pocketmq is a RocketMQ 4.x name server and master/slave broker.

A node; roles may be combined, but for --master with --slave:
  ${NODE_USAGE}

Commands:
${tableOf(rows, "  ")}
Examples:
  pocketmq dev
  pocketmq --namesrv --master --brokerRole SYNC_MASTER --brokerIP1 10.0.0.5
  pocketmq --slave --namesrvAddr 10.0.0.5:9876 --storePathRootDir /data/slave
  pocketmq send orders "hello"
  pocketmq consume orders --from first

More: pocketmq COMMAND --help, and pocketmq --master --help for every KEY
`;
}

/** What `pocketmq COMMAND --help` prints. */
export function helpOf(command: Command): string {
  return `${command.summary}.\n\n${usageText(command)}\n${command.help}`;
}

/** The ways to use a command one below the other. */
function usageText({ name, usage, ...does }: Command): string {
  const ways = "verbs" in does ? usage.split(/ \| (?![^[]*\])/) : [usage]; // what stands in [] is one
  return ways.map((way, i) => `${i === 0 ? "Usage:" : "      "} pocketmq ${name} ${way}`).join(
    "\n",
  );
}

/** What `pocketmq --master --help` prints: the flags of a node, and every key. */
export function nodeHelp(): string {
  const keys = (Object.keys(options) as ConfigKey[]).map((key) => [
    `--${key}`,
    defaultOf(key),
    options[key].doc,
  ]);
  return `Run a name server, a master or a slave; --namesrv goes with either of the others.

Usage: ${NODE_USAGE}

  --namesrv   a name server
  --master    a broker that takes messages; brokerRole of the file, else ASYNC_MASTER
  --slave     a broker that copies a master; brokerId 1 unless told
  -c FILE     a .properties file as Java's mqbroker takes it; alone, its brokerRole decides
  -n ADDRS    the same as --namesrvAddr
  --logFormat text|json

A KEY is looked for on the command line, then in the environment (brokerName is
POCKETMQ_BROKER_NAME; namesrvAddr is NAMESRV_ADDR too), then in the file.

${tableOf([["KEY", "DEFAULT", ""], ...keys], "  ")}
Examples:
  pocketmq --namesrv
  pocketmq --namesrv --master
  pocketmq --slave --namesrvAddr '10.0.0.1:9876;10.0.0.2:9876' --listenPort 20911
  pocketmq -c /etc/rocketmq/broker.conf
`;
}

function defaultOf(key: ConfigKey): string {
  const { fallback, unit } = options[key];
  if (key === "messageDelayLevel") return "1s to 2h";
  if (fallback === "" || fallback === undefined || Array.isArray(fallback)) return "-";
  return typeof fallback === "number" && /^(ms|bytes)$/.test(unit)
    ? `${fallback} ${unit}`
    : String(fallback);
}
