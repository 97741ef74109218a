/**
 * Properties of a message as one text.
 *
 *     name 0x01 value 0x02 name 0x01 value        a 0x02 at the end is accepted
 *
 * A piece counts only with a name and a value of at least one character each, others are as good as absent.
 * A value may hold 0x01. Of equal names the last counts. Source: MessageDecoder.
 */
const VALUE = "\x01";
const NEXT = "\x02";

/** Names that the broker or our clients look at. Source: MessageConst. */
export const Property = {
  KEYS: "KEYS",
  TAGS: "TAGS",
  WAIT: "WAIT",
  DELAY: "DELAY",
  UNIQ_KEY: "UNIQ_KEY",
  CLUSTER: "CLUSTER",
  TRAN_MSG: "TRAN_MSG",
  PGROUP: "PGROUP",
  REAL_TOPIC: "REAL_TOPIC",
  REAL_QID: "REAL_QID",
  TRANSACTION_CHECK_TIMES: "TRANSACTION_CHECK_TIMES",
  CHECK_IMMUNITY_TIME_IN_SECONDS: "CHECK_IMMUNITY_TIME_IN_SECONDS",
  TRAN_PREPARED_QUEUE_OFFSET: "TRAN_PREPARED_QUEUE_OFFSET",
  CORRELATION_ID: "CORRELATION_ID",
  REPLY_TO_CLIENT: "REPLY_TO_CLIENT",
  MSG_TYPE: "MSG_TYPE",
  TTL: "TTL",
  PUSH_REPLY_TIME: "PUSH_REPLY_TIME",
  RETRY_TOPIC: "RETRY_TOPIC",
  ORIGIN_MESSAGE_ID: "ORIGIN_MESSAGE_ID",
  MSG_REGION: "MSG_REGION",
  TRACE_ON: "TRACE_ON",
} as const;

/** All properties of a text. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const piece of text.split(NEXT)) {
    const at = piece.indexOf(VALUE);
    if (at > 0 && at < piece.length - 1) properties.set(piece.slice(0, at), piece.slice(at + 1));
  }
  return properties;
}

/** The text of properties; those that no reader would see are left out. */
export function formatProperties(properties: Iterable<readonly [string, string]>): string {
  let text = "";
  for (const [name, value] of properties) {
    if (name !== "" && value !== "") text = joinProperties(text, name + VALUE + value);
  }
  return text;
}

/** One property's value, without looking at the others. */
export function property(text: string, name: string): string | undefined {
  for (let at = lastPiece(text, name, text.length); at >= 0; at = lastPiece(text, name, at - 1)) {
    const valueAt = at + name.length + 1;
    const end = endOfPiece(text, valueAt);
    if (end > valueAt) return text.slice(valueAt, end);
  }
  return undefined;
}

/** The text without any piece of that name; all else stays as it is. */
export function withoutProperty(text: string, name: string): string {
  for (let at = lastPiece(text, name, text.length); at >= 0; at = lastPiece(text, name, at - 1)) {
    const end = endOfPiece(text, at + name.length + 1);
    text = end < text.length
      ? text.slice(0, at) + text.slice(end + 1)
      : text.slice(0, Math.max(at - 1, 0));
  }
  return text;
}

/** The text with that property, in place of any it had. */
export function withProperty(text: string, name: string, value: string): string {
  return joinProperties(withoutProperty(text, name), name + VALUE + value);
}

/** Two texts as one. */
export function joinProperties(first: string, second: string): string {
  if (first === "") return second;
  return second === "" || first.endsWith(NEXT) ? first + second : first + NEXT + second;
}

/** Where the last piece of that name begins at or before `from`, or -1. */
function lastPiece(text: string, name: string, from: number): number {
  const head = name + VALUE;
  for (let at = from; at >= 0; at--) {
    at = text.lastIndexOf(head, at);
    if (at < 0) return -1;
    if (at === 0 || text[at - 1] === NEXT) return at;
  }
  return -1;
}

function endOfPiece(text: string, at: number): number {
  const end = text.indexOf(NEXT, at);
  return end < 0 ? text.length : end;
}
