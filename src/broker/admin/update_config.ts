import type { Log } from "../../base/log.ts";
import { reasonOf } from "../../base/log.ts";
import { FsError } from "../../ports/fs.ts";
import type { Handler } from "../../rpc/peer.ts";
import { parseSettings } from "../../wire/admin.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse, type Reply } from "../../wire/command.ts";
import type { BrokerConfig, ConfigKey } from "../config.ts";
import { type Configured, environmentName } from "../configure.ts";
import type { Topics } from "../topics.ts";
import type { ConfigVersion } from "./config_version.ts";
import { apply, type Change, changesOf, isKnown } from "./live_config.ts";
import type { SavedConfig } from "./saved_config.ts";

/** What changing the configuration needs of its broker. */
export interface UpdateContext {
  /** As `liveConfig` made it. */
  readonly config: BrokerConfig;
  readonly configVersion: ConfigVersion;
  readonly log: Log;
  readonly topics: Pick<Topics, "get" | "update">;
  readonly isSlave: boolean;
  /** The file it was started with, where the next start finds the change. */
  readonly saved?: Pick<SavedConfig, "save">;
  /** Where each value came from at the start. */
  readonly origins?: Configured["origins"];
}

/**
 * Handler of 25: changes what the broker was told, all of it or nothing. First in the file: what counts now
 * must count after a restart. Source: AdminBrokerProcessor.updateBrokerConfig.
 */
export function updateConfigHandler(context: UpdateContext): [number, Handler] {
  let last: Promise<unknown> = Promise.resolve();
  const update: Handler = ({ body }) => {
    const settings = parseSettings(body); // now: the body is the connection's
    const done = last.then(() => change(context, settings)); // one after the other
    last = done.catch(() => {});
    return done;
  };
  return [RequestCode.UPDATE_BROKER_CONFIG, update];
}

async function change(
  context: UpdateContext,
  settings: ReadonlyMap<string, string>,
): Promise<Reply> {
  const { config, configVersion, topics, saved, log } = context;
  const found = changesOf(config, topics, settings);
  if (!Array.isArray(found)) return found;
  for (const key of settings.keys()) {
    if (!isKnown(key)) log.warn("an operator set a key that is not used here", { key });
  }
  if (found.length === 0) return { code: ResponseCode.SUCCESS };
  try {
    await saved?.save(found.map(({ key, text }) => [key, text] as const));
  } catch (error) {
    if (!(error instanceof FsError)) throw error;
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `Cannot change the configuration, its file cannot be written: ${reasonOf(error)}`,
    );
  }
  apply(config, found);
  configVersion.changed();
  tell(context, found);
  const remark = found.flatMap(({ key }) => untilRestart(context, key) ?? []).join("; ");
  return { code: ResponseCode.SUCCESS, ...(remark && { remark }) };
}

/** Why the next start will not find a change; undefined when it will. */
function untilRestart({ saved, origins }: UpdateContext, key: ConfigKey): string | undefined {
  const until = `${key} holds until the broker restarts`;
  if (saved === undefined) return `${until}: it was started without a file that could keep it`;
  const origin = origins?.get(key);
  if (origin === "flag") return `${until}: the flag --${key} outranks the file`;
  if (origin === "environment") return `${until}: ${environmentName(key)} outranks the file`;
}

/** Name servers take new permissions only with a new version of the topics; a slave's are its master's. */
function tell(context: UpdateContext, changes: readonly Change[]): void {
  const { log, topics, isSlave } = context;
  for (const { key, text } of changes) {
    log.info("an operator changed the configuration", { key, value: text });
    const passing = untilRestart(context, key);
    if (passing !== undefined) log.warn(passing);
    const topic = key === "brokerPermission" && !isSlave
      ? topics.get("SELF_TEST_TOPIC")
      : undefined;
    if (topic !== undefined) topics.update(topic);
  }
}
