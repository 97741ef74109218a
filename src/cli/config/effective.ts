import { type BrokerConfig, type ConfigKey, options } from "../../broker/config.ts";
import { settingText } from "../../broker/config_handlers.ts";
import { configOf, type Configured, environmentName, type Source } from "../../broker/configure.ts";
import type { NodeArgs } from "../args.ts";
import { brokerAsked } from "../serve.ts";

/** One value that a node would run with. */
export interface Setting {
  readonly key: ConfigKey;
  /** As a configuration file has it; empty when there is none. */
  readonly text: string;
  readonly value: BrokerConfig[ConfigKey];
  /** Where it was taken from; "process" is a name server beside the broker. */
  readonly from: Source;
  /** The same for a person: `default`, `broker.conf:3`, `NAMESRV_ADDR`, `--brokerName`. */
  readonly source: string;
  /** False when a node that is told nothing has the same. */
  readonly changed: boolean;
}

/** What the sources of a node were, beside what came out of them. */
export interface Given {
  readonly node: NodeArgs;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Line of each key in the file. */
  readonly lines: ReadonlyMap<string, number>;
  readonly addresses: readonly string[];
}

/** All that a name server alone is told. */
const NAMESRV_KEYS: ReadonlySet<ConfigKey> = new Set([
  "namesrvPort",
  "bindAddress",
  "kvConfigPath",
]);
const BROKER_HAS_NOT: ReadonlySet<ConfigKey> = new Set(["namesrvPort", "kvConfigPath"]);

/** Every value that counts for the roles of this node, in the order of the table of options. */
export function settingsOf({ config, origins }: Configured, given: Given): Setting[] {
  const { node } = given;
  const plain = plainConfig(config, given);
  return keysFor(node).map((key) => {
    const { from, source } = sourceOf(key, origins, config, given);
    const [text, usual] = [config, plain].map((each) => settingText(key, each[key]));
    return {
      key,
      text,
      value: config[key],
      from,
      source,
      changed: from !== "default" && text !== usual,
    };
  });
}

function keysFor(node: NodeArgs): ConfigKey[] {
  const all = Object.keys(options) as ConfigKey[];
  if (brokerAsked(node) === undefined) return all.filter((key) => NAMESRV_KEYS.has(key));
  return node.namesrv ? all : all.filter((key) => !BROKER_HAS_NOT.has(key));
}

/** The same node, told nothing but its roles. */
function plainConfig({ brokerRole }: BrokerConfig, { node, addresses }: Given): BrokerConfig {
  const role = brokerRole === "SLAVE" ? "slave" : "master";
  const broker = brokerAsked(node) === undefined ? undefined : role;
  const { config } = configOf({ roles: { namesrv: node.namesrv, broker }, addresses });
  return { ...config, brokerRole: options.brokerRole.fallback };
}

function sourceOf(
  key: ConfigKey,
  origins: Configured["origins"],
  { brokerRole }: BrokerConfig,
  { node, env, lines }: Given,
): { from: Source; source: string } {
  const { from, key: told } = toldBy(key, origins, node);
  if (key === "brokerRole" && from === "default" && node.slave) {
    return { from: "flag", source: "--slave" };
  }
  if (key === "brokerId" && brokerRole !== "SLAVE") return { from: "default", source: "default" };
  switch (from) {
    case "default":
      return { from, source: "default" };
    case "process":
      return { from, source: "the name server beside it" };
    case "file":
      return { from, source: `${node.file}:${lines.get(told) ?? "?"}` };
    case "environment":
      return { from, source: variableOf(told, env) };
    case "flag":
      return { from, source: `--${told}` };
  }
}

/** A name server alone takes its port from either key. */
function toldBy(
  key: ConfigKey,
  origins: Configured["origins"],
  node: NodeArgs,
): { from: Source; key: ConfigKey } {
  const from = origins.get(key)!;
  const other = origins.get("listenPort")!;
  const takesOther = key === "namesrvPort" && from === "default" && other !== "default" &&
    brokerAsked(node) === undefined;
  return takesOther ? { from: other, key: "listenPort" } : { from, key };
}

function variableOf(key: ConfigKey, env: Given["env"]): string {
  const name = environmentName(key);
  return key === "namesrvAddr" && !env[name]?.trim() ? "NAMESRV_ADDR" : name;
}
