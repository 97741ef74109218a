import { delayedDetour } from "./delay/delayed.ts";
import { Levels } from "./delay/levels.ts";
import type { Detour } from "./detour.ts";
import type { Parts } from "./parts.ts";
import { exhaustedDetour } from "./retry/exhausted.ts";

/** All detours of a broker, in the order in which a message passes them. */
export function detoursOf({ config, groups, topics, transactions }: Parts): readonly Detour[] {
  const delayed = delayedDetour(new Levels(config.messageDelayLevel));
  return [exhaustedDetour(groups, topics), transactions.prepared, delayed];
}
