import type { Lines } from "../../admin/lines.ts";
import {
  changeWritePerm,
  deleteKv,
  kvValue,
  namesrvConfig,
  putKv,
  putNamesrvConfig,
} from "../../admin/namesrv.ts";
import { nearest } from "../../base/nearest.ts";
import type { WritePerm } from "../../wire/write_perm.ts";
import { allBrokers, reaching } from "../admin/reach.ts";
import { Exit, UsageError } from "../exit.ts";
import { type MqadminCommand, mqadminCommand, TOPIC } from "./command.ts";
import { printDone, printJson, settingLines } from "./print.ts";
import { fromEach } from "./targets.ts";
import { ORDER_CONF } from "./topic_changes.ts";

const NAMESPACE = {
  kind: "text",
  letter: "s",
  required: true,
  meaning: "the namespace, such as ORDER_TOPIC_CONFIG",
} as const;
const KEY = { kind: "text", letter: "k", required: true, meaning: "the key" } as const;
const VALUE = { kind: "text", letter: "v", required: true, meaning: "its value" } as const;

/** Commands for what name servers keep. */
export const namesrvs: Readonly<Record<string, MqadminCommand>> = {
  updateKvConfig: mqadminCommand({
    summary: "Set a key that name servers keep",
    flags: { namespace: NAMESPACE, key: KEY, value: VALUE },
    examples: ["updateKvConfig -s ORDER_TOPIC_CONFIG -k orders -v 'broker-a:4;broker-b:4'"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { namespace, key, value } = given;
        await putKv(lines, namespace, key, value);
        const words = "create or update kv config to namespace success.";
        printDone(context, given, words, { namespace, key, value });
        return Exit.OK;
      }),
  }),

  deleteKvConfig: mqadminCommand({
    summary: "Delete a key that name servers keep",
    flags: { namespace: NAMESPACE, key: KEY },
    examples: ["deleteKvConfig -s ORDER_TOPIC_CONFIG -k orders"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { namespace, key } = given;
        await deleteKv(lines, namespace, key);
        const words = "delete kv config from namespace success.";
        printDone(context, given, words, { namespace, key, deleted: true });
        return Exit.OK;
      }),
  }),

  updateOrderConf: mqadminCommand({
    summary: "Show, set or delete how many queues brokers have of a topic with an order",
    flags: {
      topic: TOPIC,
      method: {
        kind: "text",
        letter: "m",
        required: true,
        choices: ["put", "get", "delete"],
        meaning: "put, get or delete",
      },
      orderConf: { kind: "text", letter: "v", meaning: "for put: broker-a:4;broker-b:4" },
    },
    examples: [
      "updateOrderConf -t orders -m put -v 'broker-a:4;broker-b:4'",
      "updateOrderConf -t orders -m get",
    ],
    run: (context, given) => {
      const { topic, method, orderConf } = given;
      if (method === "put" && orderConf === undefined) {
        throw new UsageError("updateOrderConf -m put needs -v (--orderConf)");
      }
      if (method !== "put" && orderConf !== undefined) {
        throw new UsageError(`-v (--orderConf) is only for put, not for ${method}`);
      }
      return reaching(context, given, async (lines) => {
        const done = method === "put" ? "update" : method;
        const conf = await orderConfAfter(lines, method, topic, orderConf);
        if (method === "get" && conf === undefined) {
          const none = `name servers keep no order configuration of topic "${topic}"`;
          context.terminal.stderr(`pocketmq: ${none}\n`);
          return Exit.FAILED;
        }
        const words = `${done} orderConf success. topic=[${topic}]` +
          (conf === undefined ? "" : `, orderConf=[${conf}]`);
        printDone(context, given, words, { topic, method, orderConf: conf });
        return Exit.OK;
      });
    },
  }),

  wipeWritePerm: permCommand(
    "wipe",
    "Have clients no longer write to a broker, until it registers anew",
  ),
  addWritePerm: permCommand("add", "Have clients write to a broker again"),

  getNamesrvConfig: mqadminCommand({
    summary: "Show the settings of each name server",
    flags: {},
    examples: ["getNamesrvConfig -n '10.0.0.1:9876;10.0.0.2:9876'"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const told = await fromEach(context, lines.namesrvs, (address) =>
          namesrvConfig(lines, address));
        for (const [address, settings] of told.values) {
          if (given.json) {
            printJson(context, [{ address, settings: Object.fromEntries(settings) }]);
          } else {
            context.terminal.stdout(
              `============${address}============\n${settingLines(settings)}`,
            );
          }
        }
        return told.exit;
      }),
  }),

  updateNamesrvConfig: mqadminCommand({
    summary: "Change a setting of every name server",
    flags: { key: KEY, value: VALUE },
    examples: ["updateNamesrvConfig -k orderMessageEnable -v true"],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { key, value } = given;
        const known = await namesrvConfig(lines, lines.namesrvs[0]);
        if (!known.has(key)) { // a Java name server would say that it did
          const meant = nearest(key, known.keys());
          const hint = meant ? `, did you mean ${meant}?` : "";
          context.terminal.stderr(
            `pocketmq: name server ${lines.namesrvs[0]} has no key ${key}${hint}\n`,
          );
          return Exit.FAILED;
        }
        await putNamesrvConfig(lines, [[key, value]]);
        const all = `[${lines.namesrvs.join(", ")}]`;
        const words = `update name server config success!${all}\n${key} : ${value}`;
        printDone(context, given, words, { namesrvs: lines.namesrvs, key, value });
        return Exit.OK;
      }),
  }),
};

async function orderConfAfter(
  lines: Lines,
  method: string,
  topic: string,
  orderConf: string | undefined,
): Promise<string | undefined> {
  if (method === "get") return await kvValue(lines, ORDER_CONF, topic);
  if (method === "delete") await deleteKv(lines, ORDER_CONF, topic);
  else if (orderConf !== undefined) await putKv(lines, ORDER_CONF, topic, orderConf);
  return orderConf;
}

function permCommand(what: WritePerm, summary: string): MqadminCommand {
  return mqadminCommand({
    summary,
    flags: {
      brokerName: { kind: "text", letter: "b", required: true, meaning: "the broker's name" },
    },
    examples: [`${what}WritePerm -b broker-a -n '10.0.0.1:9876;10.0.0.2:9876'`],
    run: (context, given) =>
      reaching(context, given, async (lines) => {
        const { brokerName } = given;
        const names = new Set((await allBrokers(lines)).map(({ name }) => name));
        if (!names.has(brokerName)) {
          const meant = nearest(brokerName, names);
          const hint = meant ? `did you mean "${meant}"?` : `there is ${[...names].join(", ")}`;
          context.terminal.stderr(`pocketmq: no broker is named "${brokerName}", ${hint}\n`);
          return Exit.FAILED;
        }
        const told = await fromEach(
          context,
          lines.namesrvs,
          (address) => changeWritePerm(lines, address, brokerName, what),
        );
        for (const [namesrv, count] of told.values) {
          const words = `${what} write perm of broker[${brokerName}] in name server[${namesrv}] ` +
            `OK, ${count}`;
          printDone(context, given, words, { namesrv, broker: brokerName, topics: count });
        }
        return told.exit;
      }),
  });
}
