import type { Parts } from "../parts.ts";
import { Delivery, type DeliveryContext } from "./delivery.ts";
import { Levels } from "./levels.ts";
import { noteDelivered } from "./redelivery.ts";

/** The delivery of a master's delayed messages; `noteDeliveredOf` comes first. */
export function deliveryOf(parts: Parts): Delivery {
  return new Delivery(contextOf(parts));
}

/** Finds what a master delivered, or the master before it, that its progress does not know of. */
export function noteDeliveredOf(parts: Parts): Promise<void> {
  return noteDelivered(contextOf(parts));
}

function contextOf({ runtime, config, store, puts, delay, log }: Parts): DeliveryContext {
  const levels = new Levels(config.messageDelayLevel);
  return { clock: runtime.clock, log: log.child("delay"), store, puts, progress: delay, levels };
}
