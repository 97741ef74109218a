import { bytesOfHex, hexOf, readInt64, viewOf } from "../base/bytes.ts";
import type { Address } from "../ports/net.ts";
import { IPV4_HOST_BYTES, IPV6_HOST_BYTES, readHost } from "./host_address.ts";

const OFFSET_DIGITS = 16;

/** Where a message is: the broker that stored it and the place in its log. */
export interface MessagePlace {
  readonly storeHost: Address;
  readonly logOffset: number;
}

/** The first part of every offset message id of a broker: its host in upper-case hex. Callers keep it. */
export function messageIdPrefix(storeHost: Uint8Array): string {
  return hexOf(storeHost).toUpperCase();
}

/**
 * An offset message id, 32 or 56 hex digits.
 *
 *     | storeHost: 4 or 16 address bytes, port int32 | log offset int64 |     upper-case hex
 *
 * Source: MessageDecoder.createMessageId.
 */
export function formatMessageId(prefix: string, logOffset: number): string {
  const upper = Math.floor(logOffset / 0x10000);
  if (upper !== lastUpper || prefix !== lastPrefix) {
    lastPrefix = prefix;
    lastUpper = upper;
    lastHead = prefix + upper.toString(16).toUpperCase().padStart(OFFSET_DIGITS - 4, "0");
  }
  const low = logOffset % 0x10000;
  return lastHead + BYTES[low >> 8] + BYTES[low & 0xff];
}

// One id a message: all but the last four digits are those of the message before, mostly.
const BYTES = Array.from({ length: 256 }, (_, byte) => hexOf(Uint8Array.of(byte)).toUpperCase());
let lastPrefix = "";
let lastUpper = -1;
let lastHead = "";

/** The place an offset message id names, or undefined when it is none; a client's own id has the same length. */
export function parseMessageId(id: string): MessagePlace | undefined {
  const hostBytes = (id.length - OFFSET_DIGITS) / 2;
  if (hostBytes !== IPV4_HOST_BYTES && hostBytes !== IPV6_HOST_BYTES) return undefined;
  if (!/^[0-9a-f]+$/i.test(id)) return undefined;
  const view = viewOf(bytesOfHex(id));
  return { storeHost: readHost(view, 0, hostBytes), logOffset: readInt64(view, hostBytes) };
}
