import type { Detour } from "./detour.ts";
import type { Parts } from "./parts.ts";

/** All detours of a broker, in the order in which a message passes them. */
export function detoursOf(_parts: Parts): readonly Detour[] {
  return [];
}
