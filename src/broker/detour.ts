import type { NewMessage } from "../store/store.ts";
import type { Reply } from "../wire/command.ts";
import type { SendRequest } from "../wire/send.ts";
import type { SendHints } from "./send_hints.ts";

/** A message that can still be sent elsewhere; its properties are a text. */
export type Detoured = { -readonly [K in keyof NewMessage]: NewMessage[K] };

/**
 * Changes where and how a single message is stored, when it is not for where it was sent: a delayed one waits
 * in the broker's own topic. Gives the refusal when it can be stored nowhere. Called for each message that
 * does not take the short way from its frame, so it looks first whether it concerns it.
 */
export type Detour = (
  message: Detoured,
  hints: SendHints,
  request: SendRequest,
) => Reply | undefined;
