import { brokerConfig, brokerRuntime, loadIn } from "../../admin/brokers.ts";
import type { Lines } from "../../admin/lines.ts";
import { nearest } from "../../base/nearest.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP } from "../cluster.ts";
import type { Command } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { tableOf } from "../table.ts";
import { verb } from "../verb.ts";
import { WATCH_FLAG } from "../watch.ts";
import { setConfig, settingsOf } from "./broker_set.ts";
import { type Node, nodesView } from "./cluster.ts";
import {
  addressOf,
  allBrokers,
  heard,
  jsonLine,
  reaching,
  TARGET_FLAGS,
  viewing,
} from "./reach.ts";

const FLAGS = { ...CLUSTER_FLAGS, broker: TARGET_FLAGS.broker } as const;

const status = verb({
  flags: { ...FLAGS, ...WATCH_FLAG },
  words: [],
  run(context, { flags }) {
    const address = flags.broker === undefined ? undefined : addressOf(flags.broker);
    return viewing(context, flags, async (lines) => {
      if (address === undefined) return nodesView(context, await loads(lines), flags.json);
      const runtime = await brokerRuntime(lines, address);
      return { text: settingsText(runtime, flags.json), exit: Exit.OK };
    });
  },
});

const config = verb({
  flags: { ...FLAGS, set: { kind: "texts" } },
  words: [{ what: "a key", optional: true }],
  run(context, { flags, words: [key] }) {
    if (flags.broker === undefined) throw new UsageError("broker config needs -b, its address");
    const address = addressOf(flags.broker);
    const set = settingsOf(flags.set);
    if (set.size > 0 && key !== undefined) {
      throw new UsageError(`--set says which keys, leave "${key}" away`);
    }
    return reaching(context, flags, async (lines) => {
      if (set.size > 0) {
        return await setConfig(context, lines, address, { settings: set, json: flags.json });
      }
      const settings = await brokerConfig(lines, address);
      if (key === undefined) {
        context.terminal.stdout(settingsText(settings, flags.json));
        return Exit.OK;
      }
      const value = settings.get(key);
      if (value === undefined) {
        const meant = nearest(key, settings.keys());
        const hint = meant ? `, did you mean ${meant}?` : "";
        context.terminal.stderr(`pocketmq: ${address} has no key ${key}${hint}\n`);
        return Exit.FAILED;
      }
      context.terminal.stdout(flags.json ? jsonLine({ [key]: value }) : `${value}\n`);
      return Exit.OK;
    });
  },
});

/** `pocketmq broker` */
export const broker: Command = {
  name: "broker",
  usage: "status [-b ADDR] | config -b ADDR [KEY | --set KEY=VALUE]",
  summary: "Show how brokers are, and show or change the settings they run with",
  help: `
  status            with -b everything the broker says of itself, by RocketMQ's keys;
                    without, one line for each broker of the cluster
    --watch         again every 2 s, until Ctrl-C
  config            the settings it runs with; with KEY the value of that one alone
    --set KEY=VALUE change it while the broker runs, several times for several keys: all
                    of them or none. Says which count at once and which need a restart

  -b, --broker ADDR           a broker, host:port
${CLUSTER_HELP}
Exit codes: 0 done, 1 a broker cannot be reached, refuses or has no such key, 2 the
command line is wrong, 124 no answer in time.

Examples:
  pocketmq broker status
  pocketmq broker status -b 10.0.0.5:10911 --json | jq .putTps
  pocketmq broker config -b 10.0.0.5:10911
  pocketmq broker config -b 10.0.0.5:10911 flushDiskType
  pocketmq broker config -b 10.0.0.5:10911 --set fileReservedTime=24 --set deleteWhen=03
`,
  verbs: { status, config },
};

async function loads(lines: Lines): Promise<Node[]> {
  return await Promise.all((await allBrokers(lines)).map(async (broker) => ({
    broker,
    load: await heard(brokerRuntime(lines, broker.address).then(loadIn)),
  })));
}

/** Settings in order of their names: a table, or one line of JSON. */
export function settingsText(settings: ReadonlyMap<string, string>, json: boolean): string {
  const rows = [...settings].sort(([a], [b]) => a < b ? -1 : 1);
  return json ? jsonLine(Object.fromEntries(rows)) : tableOf(rows);
}
