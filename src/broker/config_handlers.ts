import { durationText } from "../base/duration.ts";
import type { Handler } from "../rpc/peer.ts";
import { formatSettings } from "../wire/admin.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { ConfigVersion } from "./admin/config_version.ts";
import type { BrokerConfig } from "./config.ts";

/** Keys that are no options here, but tools end with an exception without them: what is true of them. */
const FOR_TOOLS: readonly (readonly [key: string, text: string])[] = [
  // exportConfigs
  ["filterServerNums", "0"],
  ["msgTraceTopicName", "RMQ_SYS_TRACE_TOPIC"],
  ["useTLS", "false"],
  // exportMetrics shows it as the number of processors, which is Java's default for it
  ["clientCallbackExecutorThreads", String(navigator.hardwareConcurrency)],
];

/**
 * Handler of 26: what this broker was told, a line `key=value` each. Slaves learn here whose log they are
 * about to follow. Source: AdminBrokerProcessor.getBrokerConfig.
 */
export function configHandlers(
  { config, configVersion }: {
    readonly config: BrokerConfig;
    readonly configVersion: ConfigVersion;
  },
): [number, Handler][] {
  const body = () => {
    const told = Object.entries<unknown>({ ...config }).map(([key, value]) =>
      [key, settingText(key, value)] as const
    );
    return formatSettings([...told, ...FOR_TOOLS]);
  };
  return [[RequestCode.GET_BROKER_CONFIG, () => ({
    code: ResponseCode.SUCCESS,
    ext: { version: configVersion.text },
    body: body(),
  })]];
}

/** A value as a configuration file has it. */
export function settingText(key: string, value: unknown): string {
  if (!Array.isArray(value)) return String(value ?? "");
  if (key === "messageDelayLevel") return value.map(durationText).join(" ");
  if (key === "deleteWhen") return value.map((hour) => String(hour).padStart(2, "0")).join(";");
  return value.join(";");
}
