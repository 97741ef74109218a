import type { Handler } from "../../rpc/peer.ts";
import {
  type BrokerStats,
  type BrokerStatsQuery,
  formatBrokerStats,
  parseBrokerStatsQuery,
} from "../../wire/broker_stats.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { Fields } from "../../wire/fields.ts";
import { splitPlace } from "../../wire/offset.ts";
import type { Counts } from "../counts.ts";

/** What 315 is answered from. */
export interface BrokerStatsContext {
  readonly stats: { readonly counts: Counts };
  readonly config: { readonly brokerClusterName: string };
}

/** Handler of 315: what was counted of the broker, a topic or a group over the last minute, hour and day. */
export function brokerStatsHandler(
  { stats: { counts }, config: { brokerClusterName } }: BrokerStatsContext,
): [number, Handler] {
  return [RequestCode.VIEW_BROKER_STATS_DATA, ({ ext }) => {
    const query = parseBrokerStatsQuery(new Fields(ext));
    const stats = query.statsKey === brokerClusterName
      ? brokerStatsOf(counts, query) ?? statsOf(counts, query)
      : statsOf(counts, query);
    if (stats !== undefined) {
      return { code: ResponseCode.SUCCESS, body: formatBrokerStats(stats) };
    }
    const { statsName, statsKey } = query;
    const remark = `Cannot tell "${statsName}" of "${statsKey}": nothing was counted yet`;
    return refuse(ResponseCode.SYSTEM_ERROR, remark);
  }];
}

/** Their key is the name of the cluster. */
function brokerStatsOf(counts: Counts, { statsName }: BrokerStatsQuery): BrokerStats | undefined {
  if (statsName === "BROKER_PUT_NUMS") return counts.all("puts");
  if (statsName === "BROKER_GET_NUMS") return counts.all("gets");
  return undefined;
}

function statsOf(
  counts: Counts,
  { statsName, statsKey }: BrokerStatsQuery,
): BrokerStats | undefined {
  if (statsName === "TOPIC_PUT_NUMS") return counts.puts(statsKey, "messages");
  if (statsName === "TOPIC_PUT_SIZE") return counts.puts(statsKey, "bytes");
  const place = splitPlace(statsKey);
  if (place === undefined) return undefined;
  const [topic, group] = place;
  if (statsName === "GROUP_GET_NUMS") return counts.gets(topic, group, "messages");
  if (statsName === "GROUP_GET_SIZE") return counts.gets(topic, group, "bytes");
  if (statsName === "SNDBCK_PUT_NUMS") return counts.backs(topic, group);
  return undefined;
}
