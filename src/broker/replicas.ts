import { ResponseCode } from "../wire/codes.ts";
import { refuse, type Reply } from "../wire/command.ts";
import type { Parts } from "./parts.ts";

/** What whoever wants something stored hears then. */
export const TOO_FEW_REPLICAS: Reply = refuse(
  ResponseCode.SYSTEM_ERROR,
  "cannot store a message: fewer slaves than minInSyncReplicas asks for",
);

/** True while fewer nodes than minInSyncReplicas would have a message: then none is stored. */
export function tooFewReplicas({ config, acks }: Pick<Parts, "config" | "acks">): boolean {
  return config.brokerRole === "SYNC_MASTER" && acks.slaves + 1 < config.minInSyncReplicas;
}
