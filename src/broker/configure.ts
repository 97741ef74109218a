import { nearest } from "../base/nearest.ts";
import { type BrokerConfig, type ConfigKey, options } from "./config.ts";
import { javaKeys, lackingWhenTrue, refusedWhenTrue } from "./java_keys.ts";
import type { Option } from "./option.ts";
import { brokenRule } from "./rules.ts";

/** Where a value comes from; a later one of these wins over an earlier. "process" is a name server beside the broker. */
export type Source = "default" | "process" | "file" | "environment" | "flag";

/** Everything that says how a node should run, as text. */
export interface Sources {
  /** The roles asked for on the command line; "file" leaves the broker's role to the file. */
  readonly roles: { readonly namesrv: boolean; readonly broker?: "master" | "slave" | "file" };
  /** Keys and values of the file given with -c. */
  readonly file?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags without their dashes; a flag given without a value is an empty text. */
  readonly flags?: Readonly<Record<string, string>>;
  /** IPv4 addresses of this machine, the one to tell others first. */
  readonly addresses?: readonly string[];
}

/** What came out of the sources. */
export interface Configured {
  readonly config: BrokerConfig;
  /** Which source each value was taken from. */
  readonly origins: ReadonlyMap<ConfigKey, Source>;
  /** What the node accepts but a person should know, one sentence each. */
  readonly warnings: readonly string[];
}

/** A value cannot be used, or two contradict each other: exit 2, before anything is opened. */
export class ConfigError extends Error {
  /** Tells it from other errors. */
  override name = "ConfigError";
}

type Values = { -readonly [K in ConfigKey]: BrokerConfig[K] };

/**
 * Merges the sources, derives what nobody gave, and checks what must fit together. Pure: it opens nothing.
 *
 * @throws {ConfigError} naming the key, its value and what it must be.
 */
export function configOf(sources: Sources): Configured {
  const given = new Given(sources);
  const { values, origins, warnings } = given;
  const { namesrv, broker } = sources.roles;
  if (broker) settleRole(given, broker);
  if (namesrv && !broker && !origins.has("namesrvPort") && origins.has("listenPort")) {
    values.namesrvPort = values.listenPort; // alone, a name server takes either key
  }
  values.kvConfigPath ||= `./pocketmq-data/namesrv-${values.namesrvPort}/kvConfig.json`;
  if (broker) {
    derive(given, sources);
    const broken = brokenRule(values, { namesrv, addresses: sources.addresses ?? [] });
    if (broken) {
      const { key, wanted } = broken;
      throw badValue(key, values[key], origins.get(key), wanted);
    }
  }
  for (const key of Object.keys(options) as ConfigKey[]) {
    if (!origins.has(key)) origins.set(key, "default");
  }
  return { config: Object.freeze(values), origins, warnings };
}

/** The sources, read once: typed values by key, and who gave them. */
class Given {
  readonly values: Values;
  readonly origins: Map<ConfigKey, Source> = new Map();
  readonly warnings: string[] = [];

  constructor(sources: Sources) {
    const fallbacks = Object.entries(options).map(([key, option]) => [key, option.fallback]);
    this.values = Object.fromEntries(fallbacks) as Values;
    for (const [key, value] of Object.entries(sources.file ?? {})) this.#fileEntry(key, value);
    this.#environment(sources.env ?? {});
    for (const [key, value] of Object.entries(sources.flags ?? {})) this.#flag(key, value);
  }

  #fileEntry(key: string, text: string): void {
    const value = text.trimEnd();
    if (value === "") return; // how mqbroker -p prints what is not set
    if (value !== text) {
      // Java 4.9 keeps them in a text, and drops a number or a role that has them without a word
      this.warnings.push(`${key} in the file has spaces behind its value; they are dropped`);
    }
    this.#put(key, value, "file");
  }

  #environment(env: Readonly<Record<string, string | undefined>>): void {
    if (env.NAMESRV_ADDR) this.#put("namesrvAddr", env.NAMESRV_ADDR, "environment");
    for (const key of [...Object.keys(options), ...switches()]) {
      const value = env[environmentName(key)]?.trim();
      if (value) this.#put(key, value, "environment");
    }
  }

  #flag(key: string, text: string): void {
    const option = optionOf(key);
    if (text !== "") this.#put(key, text.trim(), "flag");
    else if (!option || option.flag) this.#put(key, "true", "flag");
    else throw new ConfigError(`--${key} needs a value, ${option.wanted}`);
  }

  #put(key: string, text: string, source: Source): void {
    const option = optionOf(key);
    if (!option) return this.#unknown(key, text, source);
    const value = option.parse(text);
    if (value === undefined) throw badValue(key, text, source, option.wanted);
    // Rows of the table tie key and type together; a loop over all of them cannot say so to the compiler.
    (this.values as Record<string, unknown>)[key] = value;
    this.origins.set(key as ConfigKey, source);
  }

  #unknown(key: string, text: string, source: Source): void {
    const refused = refusedWhenTrue.get(key);
    if (refused !== undefined) {
      if (text.toLowerCase() !== "true") return;
      throw new ConfigError(`Cannot use ${key} = true (${source}): ${refused}`);
    }
    const means = lackingWhenTrue.get(key);
    if (means !== undefined) {
      if (text.toLowerCase() !== "true") return;
      return void this.warnings.push(`${key} (${source}) is not supported: ${means}`);
    }
    if (javaKeys.has(key)) return;
    const meant = nearest(key, [...Object.keys(options), ...switches(), ...javaKeys]);
    this.warnings.push(
      `unknown key ${key} (${source}) is not used${meant ? `; did you mean ${meant}?` : ""}`,
    );
  }
}

/** The environment variable of a key: brokerName is POCKETMQ_BROKER_NAME. */
export function environmentName(key: string): string {
  return `POCKETMQ_${key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}`;
}

function settleRole(
  { values, origins, warnings }: Given,
  asked: "master" | "slave" | "file",
): void {
  const from = origins.get("brokerRole");
  const role = values.brokerRole;
  if (from && asked !== "file" && (role === "SLAVE") !== (asked === "slave")) {
    const wanted = asked === "slave" ? "SLAVE" : "ASYNC_MASTER or SYNC_MASTER";
    throw badValue("brokerRole", role, from, `${wanted} with --${asked}`);
  }
  if (asked === "slave") values.brokerRole = "SLAVE";
  const idFrom = origins.get("brokerId");
  if (values.brokerRole === "SLAVE") {
    if (!idFrom) values.brokerId = 1;
    else if (values.brokerId < 1) {
      throw badValue("brokerId", values.brokerId, idFrom, "1 or above on a slave");
    }
  } else if (values.brokerId !== 0) {
    warnings.push(`brokerId ${values.brokerId} (${idFrom}) is not used; a master is 0`);
    values.brokerId = 0;
  }
}

function derive({ values, origins, warnings }: Given, sources: Sources): void {
  if (values.haListenPort === 0 && values.listenPort !== 0) {
    values.haListenPort = values.listenPort + 1;
  }
  const everywhere = values.bindAddress === "0.0.0.0";
  values.brokerIP1 ||= (everywhere ? sources.addresses?.[0] : values.bindAddress) ?? "127.0.0.1";
  values.brokerIP2 ||= values.brokerIP1;
  values.storePathRootDir ||= `./pocketmq-data/${values.brokerName}-${values.brokerId}`;
  values.storePathCommitLog ||= `${values.storePathRootDir.replace(/(.)\/+$/, "$1")}/commitlog`;
  values.mappedFileSizeConsumeQueue = Math.ceil(values.mappedFileSizeConsumeQueue / 20) * 20;
  if (origins.has("namesrvAddr")) return;
  const own = sources.roles.namesrv;
  values.namesrvAddr = Object.freeze([`127.0.0.1:${own ? values.namesrvPort : 9876}`]);
  if (own) origins.set("namesrvAddr", "process");
  else {warnings.push(
      "no name server was named (namesrvAddr, NAMESRV_ADDR); 127.0.0.1:9876 is used",
    );}
}

/** Keys that are no options here but say something when they are true. */
function switches(): string[] {
  return [...refusedWhenTrue.keys(), ...lackingWhenTrue.keys()];
}

function optionOf(key: string): Option<unknown> | undefined {
  return Object.hasOwn(options, key) ? options[key as ConfigKey] : undefined;
}

function badValue(
  key: string,
  value: unknown,
  source: Source | undefined,
  wanted: string,
): ConfigError {
  return new ConfigError(
    `Cannot use ${key} = ${value} (${source ?? "default"}): it must be ${wanted}`,
  );
}
