import { deliveryOf, noteDeliveredOf } from "../../../../src/broker/delay/delivery_of.ts";
import { parseProperties } from "../../../../src/wire/properties.ts";
import { type BrokerRig, brokerRig, props, type RigOptions } from "../../../support/broker_rig.ts";
import type { CommandFields } from "../../../support/far_end.ts";
import { send } from "../../../support/broker_rig.ts";
import { messagesOf } from "../../../support/store.ts";

/** A broker that delivers delayed messages, as a master does. */
export async function delayRig(options: RigOptions = {}): Promise<DelayRig> {
  const rig = await brokerRig(options);
  await Promise.all([noteDeliveredOf(rig.parts), rig.clock.settle()]);
  const stop = new AbortController();
  const running = deliveryOf(rig.parts).run(stop.signal);
  await rig.clock.settle();
  return Object.assign(rig, {
    async stopDelivery() {
      stop.abort();
      await running;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await rig.close();
    },
  });
}

export interface DelayRig extends BrokerRig {
  stopDelivery(): Promise<void>;
}

/** A send of that text with that level. */
export function delayed(level: number | string, text: string, topic = "T"): CommandFields {
  return send({ topic, properties: props(["DELAY", String(level)], ["TAGS", "a"]) }, text);
}

/** Messages of a queue as `text` with when they were stored, ms after `since`. */
export function storedAt(
  rig: BrokerRig,
  since: number,
  topic = "T",
  queueId = 0,
): [text: string, ms: number][] {
  return messagesOf(rig.store, topic, queueId).map(({ body, storeTimestamp }) => [
    new TextDecoder().decode(body),
    storeTimestamp - since,
  ]);
}

/** The properties of the messages of a queue. */
export function propertiesIn(rig: BrokerRig, topic: string, queueId = 0): Map<string, string>[] {
  return messagesOf(rig.store, topic, queueId).map(({ properties }) => parseProperties(properties));
}
