import { utf8 } from "../../base/bytes.ts";
import type { Handler } from "../../rpc/peer.ts";
import { messageAt } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property, withoutProperty } from "../../wire/properties.ts";
import { parseResumeCheck } from "../../wire/resume_check.ts";
import { copyOf } from "../copy.ts";
import type { Puts } from "../puts.ts";
import { refuseOnSlave } from "../topic_handlers.ts";
import { CHECK_MAX_TOPIC, HALF_TOPIC } from "../topic_rules.ts";
import { realPlaceOf } from "../real_place.ts";
import { firstOffset } from "./half.ts";
import type { Halves } from "./halves.ts";
import { QUEUE_ID } from "./op.ts";

/** What taking up a transaction again needs of its broker. */
export interface ResumeContext {
  readonly puts: Pick<Puts, "put">;
  readonly store: Pick<Store, "log">;
  readonly halves: Pick<Halves, "forgetGivenUp">;
  readonly isSlave: boolean;
}

/**
 * Handler of 323: a transaction that was given up begins anew, with no question asked so far. Source:
 * AdminBrokerProcessor.resumeCheckHalfMessage.
 */
export function resumeHandler(context: ResumeContext): Handler {
  return ({ ext }) => {
    const logOffset = parseResumeCheck(ext);
    if (context.isSlave) return refuseOnSlave("ask about a transaction again");
    const message = messageAt(context.store.log, logOffset);
    if (message?.topic === CHECK_MAX_TOPIC && realPlaceOf(message) !== undefined) {
      return resume(context, message);
    }
    return refuse(
      ResponseCode.SYSTEM_ERROR,
      `Cannot ask about the transaction at log offset ${logOffset} again: it must be a message of ` +
        `"${CHECK_MAX_TOPIC}"`,
    );
  };
}

async function resume(context: ResumeContext, givenUp: StoredMessage) {
  const { TRAN_PREPARED_QUEUE_OFFSET, TRANSACTION_CHECK_TIMES } = Property;
  let properties = givenUp.properties;
  for (const name of [TRAN_PREPARED_QUEUE_OFFSET, TRANSACTION_CHECK_TIMES]) {
    properties = withoutProperty(properties, name);
  }
  const topic = { topicName: HALF_TOPIC, bytes: utf8(HALF_TOPIC) };
  const half = copyOf(givenUp, topic, QUEUE_ID, { properties });
  const { stored, ...reply } = await context.puts.put(half, false);
  // or a late word on the old one and a word on the new one would both count
  const wasAsked = property(givenUp.properties, TRAN_PREPARED_QUEUE_OFFSET) !== undefined;
  if (stored !== undefined && wasAsked) context.halves.forgetGivenUp(firstOffset(givenUp));
  return reply;
}
