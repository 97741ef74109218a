import { utf8 } from "../base/bytes.ts";
import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import type { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";

/** What was counted over some time. Source: BrokerStatsItem. */
export interface CountedOver {
  /** Of one request, on average. */
  readonly avgpt: number;
  readonly sum: number;
  /** A second. */
  readonly tps: number;
}

/** Body of answer 315. Source: BrokerStatsData. */
export interface BrokerStats {
  readonly statsDay: CountedOver;
  readonly statsHour: CountedOver;
  readonly statsMinute: CountedOver;
}

/** What is asked for: "TOPIC_PUT_NUMS" of a topic, "GROUP_GET_NUMS" of `topic@group`… */
export interface BrokerStatsQuery {
  readonly statsName: string;
  readonly statsKey: string;
}

/** @throws {FieldError} */
export function parseBrokerStatsQuery(fields: Fields): BrokerStatsQuery {
  return { statsName: fields.text("statsName"), statsKey: fields.text("statsKey") };
}

/** Request 315. */
export function formatBrokerStatsQuery({ statsName, statsKey }: BrokerStatsQuery): Request {
  return { code: RequestCode.VIEW_BROKER_STATS_DATA, ext: { statsName, statsKey } };
}

/** The body of an answer to 315. */
export function formatBrokerStats({ statsDay, statsHour, statsMinute }: BrokerStats): Uint8Array {
  const [day, hour, minute] = [statsDay, statsHour, statsMinute].map(overText);
  return utf8(`{"statsDay":${day},"statsHour":${hour},"statsMinute":${minute}}`);
}

/** @throws {FieldError} */
export function parseBrokerStats(body: Uint8Array): BrokerStats {
  const stats = JsonBody.parse(body);
  return {
    statsDay: readOver(stats.object("statsDay")),
    statsHour: readOver(stats.object("statsHour")),
    statsMinute: readOver(stats.object("statsMinute")),
  };
}

/** A number as Java writes its doubles: with a point. */
export function doubleText(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

function overText({ avgpt, sum, tps }: CountedOver): string {
  return `{"avgpt":${doubleText(avgpt)},"sum":${sum},"tps":${doubleText(tps)}}`;
}

function readOver(over: JsonBody): CountedOver {
  return { avgpt: over.real("avgpt", 0), sum: over.long("sum", 0), tps: over.real("tps", 0) };
}
