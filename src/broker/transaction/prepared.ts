import { utf8 } from "../../base/bytes.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { refuse } from "../../wire/command.ts";
import { joinProperties, Property, withProperty } from "../../wire/properties.ts";
import { SysFlag } from "../../wire/record_layout.ts";
import type { Detour } from "../detour.ts";
import { HALF_TOPIC, OP_HALF_TOPIC } from "../topic_rules.ts";
import type { Topics } from "../topics.ts";
import type { Halves } from "./halves.ts";
import { QUEUE_ID } from "./op.ts";

/** What the first halves of transactions need of their broker. */
export interface PreparedContext {
  readonly topics: Pick<Topics, "ensure">;
  readonly halves: Pick<Halves, "isFull">;
  /** Transactions are refused [rejectTransactionMessage]. */
  readonly rejects: boolean;
}

const TOPIC_BYTES = utf8(HALF_TOPIC);
const NO_WAIT = `${Property.WAIT}\x01false`;

/** Stores the first half of a transaction where no consumer sees it. */
export function preparedDetour(context: PreparedContext): Detour {
  const { topics, halves } = context;
  return (message, { prepares, waits, delay }, { reconsumeTimes }) => {
    if (!prepares) return undefined;
    message.sysFlag &= ~SysFlag.TRANSACTION; // with it the message would be in no queue
    // What a client before 4.6.1 sends to be retried has the properties of the message it could not consume.
    if (reconsumeTimes > 0 && delay > 0) return undefined;
    if (context.rejects) {
      const reason = "Cannot prepare a transaction: rejectTransactionMessage is true here";
      return refuse(ResponseCode.NO_PERMISSION, reason);
    }
    if (halves.isFull) {
      return refuse(ResponseCode.SYSTEM_BUSY, "[OVERLOAD] too many transactions are open");
    }
    const text = typeof message.properties === "string"
      ? message.properties
      : new TextDecoder().decode(message.properties);
    let properties = withProperty(text, Property.REAL_TOPIC, message.topic);
    properties = withProperty(properties, Property.REAL_QID, String(message.queueId));
    message.properties = waits ? properties : joinProperties(properties, NO_WAIT); // its copy will obey it
    topics.ensure(OP_HALF_TOPIC);
    message.topic = topics.ensure(HALF_TOPIC).topicName;
    message.topicBytes = TOPIC_BYTES;
    message.queueId = QUEUE_ID;
    return undefined;
  };
}
