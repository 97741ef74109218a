import type { Handler } from "../../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { parseCloneOffsets } from "../../wire/clone_offset.ts";
import type { Clients } from "../clients.ts";
import type { Offsets } from "../offsets.ts";
import { refuseOnSlave } from "../topic_handlers.ts";
import { isRetryTopic } from "../topic_rules.ts";
import type { Topics } from "../topics.ts";

/** What cloning needs of its broker. */
export interface CloneContext {
  readonly topics: Pick<Topics, "get">;
  readonly offsets: Pick<Offsets, "topicsOf" | "queuesOf" | "commit">;
  readonly clients: Pick<Clients, "consumerGroup">;
  readonly isSlave: boolean;
}

/** Handler of 314: a group goes on where another one is. Source: AdminBrokerProcessor.cloneGroupOffset. */
export function cloneOffsetHandler(context: CloneContext): [number, Handler] {
  const { topics, offsets, clients, isSlave } = context;

  const clone: Handler = ({ ext }) => {
    const { from, to, topic, isOffline } = parseCloneOffsets(ext);
    if (isSlave) return refuseOnSlave(`clone the offsets of "${from}"`);
    // a group that is online is where it is in what it consumes now
    const consumed = isOffline ? undefined : clients.consumerGroup(from)?.subscriptions;
    const isWanted = (name: string) =>
      topics.get(name) !== undefined && (consumed === undefined || consumed.has(name));
    // nobody but the group reads its retry topic
    const all = topic === undefined
      ? offsets.topicsOf(from).filter((name) => !isRetryTopic(name))
      : [topic];
    for (const name of all.filter(isWanted)) {
      for (const [queueId, queueOffset] of [...offsets.queuesOf(from, name) ?? []]) {
        if (offsets.commit(to, name, queueId, queueOffset)) continue;
        return refuse(ResponseCode.SYSTEM_BUSY, "Cannot clone: the table of offsets is full");
      }
    }
    return { code: ResponseCode.SUCCESS };
  };

  return [RequestCode.CLONE_GROUP_OFFSET, clone];
}
