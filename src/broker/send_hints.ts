import { Property, withoutProperty } from "../wire/properties.ts";

/** What a broker obeys in the properties of a message, and what it stores of them. */
export interface SendHints {
  /** False: the sender does not wait for slaves and disk. */
  readonly waits: boolean;
  /** Delay level, 0 without one; NaN for what is no number. */
  readonly delay: number;
  /** The first half of a transaction. */
  readonly prepares: boolean;
  /** The properties without WAIT, which is obeyed and not stored. */
  readonly stored: string;
}

const NEXT = "\x02";
const W = 87;
const D = 68;
const T = 84;
const WAIT = `${Property.WAIT}\x01`;
const DELAY = `${Property.DELAY}\x01`;
const PREPARES = `${Property.TRAN_MSG}\x01`;

/**
 * The hints in a properties text (wire/properties.ts has its rules), found in one pass: every send comes
 * here, and looking each name up by itself cost as much as parsing the request.
 */
export function sendHints(text: string): SendHints {
  let waits = true;
  let delay = 0;
  let prepares = false;
  let waitAt = -1;
  let waitEnd = -1;
  let waitAgain = false;
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf(NEXT, at);
    if (end < 0) end = text.length;
    const first = text.charCodeAt(at);
    if (first === W && text.startsWith(WAIT, at)) {
      waitAgain = waitAt >= 0;
      waitAt = at;
      waitEnd = end;
      if (end > at + WAIT.length) waits = text.slice(at + WAIT.length, end) !== "false";
    } else if (first === D && text.startsWith(DELAY, at)) {
      if (end > at + DELAY.length) delay = Number(text.slice(at + DELAY.length, end));
    } else if (first === T && text.startsWith(PREPARES, at)) {
      if (end > at + PREPARES.length) prepares = text.slice(at + PREPARES.length, end) === "true";
    }
  }
  const stored = waitAgain ? withoutProperty(text, Property.WAIT) : without(text, waitAt, waitEnd);
  return { waits, delay, prepares, stored };
}

/** The text without the piece from `at` to `end`, and without the mark that divided it from another. */
function without(text: string, at: number, end: number): string {
  if (at < 0) return text;
  return end < text.length
    ? text.slice(0, at) + text.slice(end + 1)
    : text.slice(0, Math.max(0, at - 1));
}
