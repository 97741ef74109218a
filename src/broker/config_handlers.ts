import type { Handler } from "../rpc/peer.ts";
import { formatSettings } from "../wire/admin.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { BrokerConfig } from "./config.ts";

/**
 * Handler of 26: what this broker was told, a line `key=value` each. Slaves learn here whose log they are
 * about to follow. Source: AdminBrokerProcessor.getBrokerConfig.
 */
export function configHandlers(config: BrokerConfig): [number, Handler][] {
  const body = () =>
    formatSettings(
      Object.entries<unknown>({ ...config }).map(([key, value]) =>
        [key, settingText(key, value)] as const
      ),
    );
  return [[RequestCode.GET_BROKER_CONFIG, () => ({ code: ResponseCode.SUCCESS, body: body() })]];
}

/** A value as a configuration file has it. */
export function settingText(key: string, value: unknown): string {
  if (!Array.isArray(value)) return String(value ?? "");
  if (key === "messageDelayLevel") return value.map((ms) => `${Number(ms) / 1000}s`).join(" ");
  if (key === "deleteWhen") return value.map((hour) => String(hour).padStart(2, "0")).join(";");
  return value.join(";");
}
