import type { Handler } from "../../rpc/peer.ts";
import type { Address } from "../../ports/net.ts";
import type { Parts } from "../parts.ts";
import { brokerStatsHandler } from "./broker_stats.ts";
import { connectionsHandlers } from "./connections.ts";
import { consumeStatsHandlers } from "./consume_stats.ts";
import { queueLooksHandlers } from "./queue_looks.ts";
import { settingsHandlers } from "./settings.ts";
import { topicStatsHandler } from "./topic_stats.ts";

/** What operators ask a broker to tell; nothing here changes it. */
export function readingHandlers(parts: Parts & { readonly address: Address }): [number, Handler][] {
  return [
    topicStatsHandler(parts),
    ...consumeStatsHandlers(parts),
    brokerStatsHandler(parts),
    ...connectionsHandlers(parts),
    ...queueLooksHandlers(parts),
    ...settingsHandlers(parts),
  ];
}
