import { utf8 } from "../../base/bytes.ts";
import type { Log } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";
import type { NewMessage } from "../../store/store.ts";
import { formatProperties, Property } from "../../wire/properties.ts";
import type { PullRequest } from "../../wire/pull.ts";
import { OFFSET_MOVED_TOPIC } from "../topic_rules.ts";

/** A consumer that asks for a wrong offset again and again must not fill the disk with that. */
const EVENTS_A_SECOND = 100;

/** What these events need of their broker. */
export interface OffsetMovesContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly brokerName: string;
  /** This broker, as records have it. */
  readonly storeHost: Uint8Array;
  /** Stores a message of the broker's own. */
  readonly put: (message: NewMessage) => void;
}

/**
 * Stores a message of OFFSET_MOVED_EVENT for each pull that was told to go on elsewhere, so that operators
 * see which group lost messages. Source: PullMessageProcessor.
 */
export class OffsetMoves {
  readonly #context: OffsetMovesContext;
  #second = -1;
  #count = 0;

  constructor(context: OffsetMovesContext) {
    this.#context = context;
  }

  /** A group asked for one offset of a queue and is sent to another. */
  moved({ consumerGroup, topic, queueId, queueOffset }: PullRequest, offsetNew: number): void {
    if (!this.#hasRoom()) return;
    const { clock, brokerName, storeHost, put } = this.#context;
    const event = {
      consumerGroup,
      messageQueue: { brokerName, queueId, topic },
      offsetNew,
      offsetRequest: queueOffset,
    };
    put({
      topic: OFFSET_MOVED_TOPIC,
      topicBytes: TOPIC_BYTES,
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: clock.now(),
      bornHost: storeHost,
      storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      properties: formatProperties([
        [Property.DELAY, "0"], // as Java has it
        [Property.KEYS, consumerGroup],
        [Property.TAGS, consumerGroup],
      ]),
      body: utf8(JSON.stringify(event)),
    });
  }

  #hasRoom(): boolean {
    const { clock, log } = this.#context;
    const second = Math.floor(clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    if (this.#count === EVENTS_A_SECOND) {
      log.warn("more offsets are corrected than are kept in a topic", {
        topic: OFFSET_MOVED_TOPIC,
        keptASecond: EVENTS_A_SECOND,
      });
    }
    return this.#count++ < EVENTS_A_SECOND;
  }
}

const TOPIC_BYTES = utf8(OFFSET_MOVED_TOPIC);
