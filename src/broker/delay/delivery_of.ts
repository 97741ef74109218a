import type { Parts } from "../parts.ts";
import { Delivery } from "./delivery.ts";
import { Levels } from "./levels.ts";

/** The delivery of a broker's delayed messages. */
export function deliveryOf({ runtime, config, store, puts, delay, log }: Parts): Delivery {
  return new Delivery({
    clock: runtime.clock,
    log: log.child("delay"),
    store,
    puts,
    progress: delay,
    levels: new Levels(config.messageDelayLevel),
  });
}
