import type { BrokerConfig, ConfigKey } from "./config.ts";

/** A value that does not fit the others: its key, and the end of "it must be …". */
export interface Broken {
  readonly key: ConfigKey;
  readonly wanted: string;
}

/** What the rules know beside the configuration. */
export interface Surroundings {
  /** A name server runs in this process too. */
  readonly namesrv: boolean;
  /** IPv4 addresses of this machine. */
  readonly addresses: readonly string[];
}

type Rule = (config: BrokerConfig, around: Surroundings) => Broken | undefined;

const rules: readonly Rule[] = [fastPortFits, portsDiffer, logFolders, replicas, notItself];

/** The first rule that a broker's final configuration breaks. */
export function brokenRule(config: BrokerConfig, around: Surroundings): Broken | undefined {
  for (const rule of rules) {
    const broken = rule(config, around);
    if (broken) return broken;
  }
}

function fastPortFits({ listenPort, haListenPort }: BrokerConfig): Broken | undefined {
  if (listenPort !== 0 && (listenPort < 3 || haListenPort > 65_535)) {
    return {
      key: "listenPort",
      wanted: "0, or from 3 to 65534: the ports 2 below and 1 above are taken too",
    };
  }
}

function portsDiffer(config: BrokerConfig, { namesrv }: Surroundings): Broken | undefined {
  const { listenPort, haListenPort, namesrvPort } = config;
  const taken = listenPort === 0 ? [] : [listenPort, listenPort - 2];
  if (haListenPort !== 0 && taken.includes(haListenPort)) {
    return {
      key: "haListenPort",
      wanted: `neither ${listenPort} nor ${listenPort - 2}, which serve clients`,
    };
  }
  if (namesrv && namesrvPort !== 0 && [...taken, haListenPort].includes(namesrvPort)) {
    return { key: "namesrvPort", wanted: "a port the broker of this process does not use" };
  }
}

/** Taken for one folder, two spellings of a list would be two logs. */
function logFolders({ storePathCommitLog }: BrokerConfig): Broken | undefined {
  const paths = storePathCommitLog.split(",").map((path) => path.trim());
  if (paths.includes("") || new Set(paths).size < paths.length) {
    return { key: "storePathCommitLog", wanted: "a folder, or different ones with , between" };
  }
}

function replicas(config: BrokerConfig): Broken | undefined {
  if (config.brokerRole !== "SYNC_MASTER") return;
  if (config.inSyncReplicas < 2) {
    return {
      key: "inSyncReplicas",
      wanted: "2 or more with SYNC_MASTER: it counts the master, so 1 would wait for nobody",
    };
  }
  if (config.minInSyncReplicas > config.inSyncReplicas) {
    return { key: "minInSyncReplicas", wanted: `at most inSyncReplicas, ${config.inSyncReplicas}` };
  }
}

function notItself(config: BrokerConfig, { addresses }: Surroundings): Broken | undefined {
  const { haMasterAddress, haListenPort, brokerIP1, brokerIP2 } = config;
  if (haMasterAddress === undefined || config.brokerRole !== "SLAVE") return;
  const colon = haMasterAddress.lastIndexOf(":");
  const host = haMasterAddress.slice(0, colon);
  const own = host === "localhost" || host.startsWith("127.") ||
    [brokerIP1, brokerIP2, ...addresses].includes(host);
  if (own && Number(haMasterAddress.slice(colon + 1)) === haListenPort) {
    return { key: "haMasterAddress", wanted: "another node: this is its own HA port" };
  }
}
