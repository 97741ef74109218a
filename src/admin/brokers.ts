import { parseSettings } from "../wire/admin.ts";
import { RequestCode } from "../wire/codes.ts";
import { parseKvTable } from "../wire/route.ts";
import { askNode, type Lines } from "./lines.ts";

/** What a broker says of itself, by RocketMQ's own keys; empty when it has just started. @throws {AnswerError} {CallError} {FieldError} */
export async function brokerRuntime(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<Map<string, string>> {
  const request = { code: RequestCode.GET_BROKER_RUNTIME_INFO };
  const { body } = await askNode(lines, address, request, "see how the broker is");
  return body.length > 0 ? parseKvTable(body) : new Map();
}

/** The settings a broker runs with. @throws {AnswerError} {CallError} */
export async function brokerConfig(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<Map<string, string>> {
  const request = { code: RequestCode.GET_BROKER_CONFIG };
  const { body } = await askNode(lines, address, request, "read the broker's settings");
  return parseSettings(body);
}

/** What of a broker's runtime information people look at first. */
export interface BrokerLoad {
  /** Such as V4_9_7. */
  readonly version: string;
  /** Messages a second over the last 10 s, stored and given to consumers. */
  readonly putPerSecond: number;
  readonly getPerSecond: number;
  /** Messages since midnight. */
  readonly putToday: number;
  readonly getToday: number;
  /** ms since 1970; 0 when it did not say. */
  readonly startedAt: number;
  /** 0 to 1; -1 when it did not say. */
  readonly diskUsed: number;
}

/** @see BrokerLoad */
export function loadIn(runtime: ReadonlyMap<string, string>): BrokerLoad {
  const number = (key: string, otherwise = 0): number => {
    const value = parseFloat(runtime.get(key) ?? "");
    return Number.isFinite(value) ? value : otherwise;
  };
  const today = (kind: "Put" | "Get") =>
    Math.max(0, number(`msg${kind}TotalTodayNow`) - number(`msg${kind}TotalTodayMorning`));
  return {
    version: runtime.get("brokerVersionDesc") ?? "",
    putPerSecond: number("putTps"),
    getPerSecond: number("getTransferedTps", number("getTransferredTps")),
    putToday: today("Put"),
    getToday: today("Get"),
    startedAt: number("bootTimestamp"),
    diskUsed: number("commitLogDiskRatio", -1),
  };
}
