import { clusterBrokers } from "../../admin/cluster.ts";
import type { Lines } from "../../admin/lines.ts";
import { deleteKv, kvEntries, kvValue, namesrvConfig, putKv } from "../../admin/namesrv.ts";
import { topics } from "../../admin/topics.ts";
import { CLUSTER_FLAGS, CLUSTER_HELP } from "../cluster.ts";
import { type Paint, paintFor, plain } from "../colour.ts";
import type { Command } from "../command.ts";
import { Exit, UsageError } from "../exit.ts";
import { tableOf } from "../table.ts";
import { verb } from "../verb.ts";
import { WATCH_FLAG } from "../watch.ts";
import { settingsText } from "./broker.ts";
import { exitOf } from "./cluster.ts";
import { diff } from "./namesrv_diff.ts";
import { type Heard, heard, jsonLine, reaching, viewing } from "./reach.ts";

const NAMESPACE = { what: "a namespace" } as const;
const KEY = { what: "a key" } as const;

const list = verb({
  flags: { ...CLUSTER_FLAGS, ...WATCH_FLAG },
  words: [],
  run(context, { flags }) {
    return viewing(context, flags, async (lines) => {
      const rows = await Promise.all(lines.namesrvs.map(async (address) => ({
        address,
        known: await heard(knownTo(lines, address)),
      })));
      const text = flags.json
        ? rows.map(namesrvJson).join("")
        : namesrvsText(rows, paintFor(context.terminal));
      return { text, exit: agreement(rows) };
    });
  },
});

const config = verb({
  flags: CLUSTER_FLAGS,
  words: [],
  run(context, { flags }) {
    return reaching(context, flags, async (lines) => {
      for (const address of lines.namesrvs) {
        const settings = await namesrvConfig(lines, address);
        if (flags.json) {
          context.terminal.stdout(jsonLine({ address, settings: Object.fromEntries(settings) }));
        } else {
          context.terminal.stdout(`${address}\n${settingsText(settings, false)}`);
        }
      }
      return Exit.OK;
    });
  },
});

const kvList = verb({
  flags: CLUSTER_FLAGS,
  words: [NAMESPACE],
  run(context, { flags, words: [namespace] }) {
    return reaching(context, flags, async (lines) => {
      context.terminal.stdout(settingsText(await kvEntries(lines, namespace), flags.json));
      return Exit.OK;
    });
  },
});

const kvGet = verb({
  flags: CLUSTER_FLAGS,
  words: [NAMESPACE, KEY],
  run(context, { flags, words: [namespace, key] }) {
    return reaching(context, flags, async (lines) => {
      const value = await kvValue(lines, namespace, key);
      if (value === undefined) {
        const none = `namespace "${namespace}" has no key "${key}"`;
        context.terminal.stderr(`pocketmq: ${none}\n`);
        return Exit.FAILED;
      }
      context.terminal.stdout(flags.json ? jsonLine({ namespace, key, value }) : `${value}\n`);
      return Exit.OK;
    });
  },
});

const kvPut = verb({
  flags: CLUSTER_FLAGS,
  words: [NAMESPACE, KEY, { what: "a value", kind: "text" }],
  run(context, { flags, words: [namespace, key, value] }) {
    if (value === "") throw new UsageError("the value is empty, it must be text");
    return reaching(context, flags, async (lines) => {
      await putKv(lines, namespace, key, value);
      const done = `${namespace} ${key} is set on ${lines.namesrvs.join(", ")}\n`;
      context.terminal.stdout(flags.json ? jsonLine({ namespace, key, value }) : done);
      return Exit.OK;
    });
  },
});

const kvDelete = verb({
  flags: CLUSTER_FLAGS,
  words: [NAMESPACE, KEY],
  run(context, { flags, words: [namespace, key] }) {
    return reaching(context, flags, async (lines) => {
      await deleteKv(lines, namespace, key);
      const done = `${namespace} ${key} is deleted on ${lines.namesrvs.join(", ")}\n`;
      context.terminal.stdout(flags.json ? jsonLine({ namespace, key, deleted: true }) : done);
      return Exit.OK;
    });
  },
});

/** `pocketmq namesrv` */
export const namesrv: Command = {
  name: "namesrv",
  usage:
    "list | diff | config | kv list NS | kv get NS KEY | kv put NS KEY VALUE | kv delete NS KEY",
  summary: "Look at name servers, and at the settings they keep for clusters",
  help: `
  list                    each name server, how many brokers and topics it knows: they
                          should say the same
    --watch               again every 2 s, until Ctrl-C
  diff                    which brokers, topics and routes they do not say the same of
  config                  the settings of each
  kv list NS              keys of a namespace, such as ORDER_TOPIC_CONFIG
  kv get NS KEY           one value
  kv put NS KEY VALUE     set it, on every name server
  kv delete NS KEY        delete it, on every name server

${CLUSTER_HELP}
Exit codes: 0 done, 1 one cannot be reached or has no such key, 2 the command line is
wrong, 3 they do not know the same, 124 no answer in time.

Examples:
  pocketmq namesrv list -n '10.0.0.1:9876;10.0.0.2:9876'
  pocketmq namesrv diff -n '10.0.0.1:9876;10.0.0.2:9876'
  pocketmq namesrv kv put ORDER_TOPIC_CONFIG orders 'broker-a:4;broker-b:4'
  pocketmq namesrv kv get ORDER_TOPIC_CONFIG orders
`,
  verbs: {
    list,
    diff,
    config,
    kv: { verbs: { list: kvList, get: kvGet, put: kvPut, delete: kvDelete } },
  },
};

/** How much a name server knows. */
export interface Known {
  readonly clusters: number;
  readonly brokers: number;
  readonly topics: number;
}

/** A name server, and what it knows. */
export interface NamesrvRow {
  readonly address: string;
  readonly known: Heard<Known>;
}

/** Asks this one, whatever the others are. */
async function knownTo({ calls }: Lines, address: string): Promise<Known> {
  const servers: Lines["servers"] = { ask: (request) => calls.call(address, request, 3_000) };
  const [brokers, names] = await Promise.all([clusterBrokers(servers), topics({ servers })]);
  const clusters = new Set(brokers.map(({ cluster }) => cluster)).size;
  return { clusters, brokers: brokers.length, topics: names.length };
}

/** The exit code: 3 when all answer and do not know the same. */
export function agreement(rows: readonly NamesrvRow[]): number {
  const worst = exitOf(rows.map(({ known }) => known));
  if (worst !== Exit.OK) return worst;
  const told = new Set(rows.map(({ known }) => JSON.stringify("value" in known && known.value)));
  return told.size > 1 ? Exit.UNHEALTHY : Exit.OK;
}

/** A name server as one line of JSON. */
export function namesrvJson({ address, known }: NamesrvRow): string {
  return jsonLine({ address, ..."value" in known ? known.value : { unreachable: known.reason } });
}

/** A table of name servers; why one does not answer stands below. */
export function namesrvsText(rows: readonly NamesrvRow[], paint: Paint = plain): string {
  const gone = rows.flatMap(({ known }) => "reason" in known ? [`${known.reason}\n`] : []);
  const table = tableOf([
    ["ADDRESS", "CLUSTERS", "BROKERS", "TOPICS"],
    ...rows.map(({ address, known }) => [
      address,
      ...("value" in known
        ? [known.value.clusters, known.value.brokers, known.value.topics].map(String)
        : [paint.red("UNREACHABLE")]),
    ]),
  ]);
  return table + (gone.length > 0 ? "\n" + gone.join("") : "");
}
