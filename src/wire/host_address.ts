import { invariant } from "../base/errors.ts";
import type { Address } from "../ports/net.ts";

/** Hosts in records and ids: 4 or 16 address bytes, then the port as int32. */
export const IPV4_HOST_BYTES = 8;
export const IPV6_HOST_BYTES = 20;

/**
 * The bytes of an address whose host is an IP literal. An IPv4 address inside an IPv6 one becomes IPv4, and a
 * zone is left out, as Java does. Callers keep the result: a connection has one peer for many messages.
 */
export function hostBytes(address: Address): Uint8Array {
  const ip = ipBytes(address.host);
  invariant(ip !== undefined, `"${address.host}" is an IP literal`);
  const bytes = new Uint8Array(ip.length + 4);
  bytes.set(ip);
  new DataView(bytes.buffer).setInt32(ip.length, address.port);
  return bytes;
}

/** The address whose `size` bytes, 8 or 20, lie at `at`. */
export function readHost(view: DataView, at: number, size: number): Address {
  const portAt = at + size - 4;
  const host = size === IPV4_HOST_BYTES ? ipv4Text(view, at) : ipv6Text(view, at);
  return { host, port: view.getInt32(portAt) };
}

/** `host:port`, with brackets around IPv6. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address in `host:port`, or undefined; IPv6 may have brackets or none, as Java writes it both ways. */
export function parseAddress(text: string): Address | undefined {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, "$1");
  const digits = text.slice(colon + 1);
  const port = Number(digits);
  if (host === "" || !/^\d{1,5}$/.test(digits) || port > 0xffff) return undefined;
  return { host, port };
}

/** The 4 or 16 bytes of an IP literal, or undefined when it is none. */
export function ipBytes(host: string): Uint8Array | undefined {
  const ipv4 = ipv4Bytes(host);
  if (ipv4) return Uint8Array.from(ipv4);
  const words = ipv6Words(host.replace(/%.*$/, ""));
  if (!words) return undefined;
  const bytes = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  return mapped ? bytes.slice(12) : bytes;
}

function ipv4Bytes(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function ipv6Words(text: string): number[] | undefined {
  const last = text.slice(text.lastIndexOf(":") + 1); // may be an IPv4 address, which is two words
  const ipv4 = ipv4Bytes(last);
  const halves = (ipv4 ? text.slice(0, -last.length) + hexWords(ipv4) : text).split("::");
  const [head, tail] = halves.map((half) => half === "" ? [] : wordsOf(half.split(":")));
  if (!head || halves.length > 2) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (!tail || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function hexWords([a, b, c, d]: number[]): string {
  return `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
}

function wordsOf(groups: string[]): number[] | undefined {
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.map((group) => parseInt(group, 16));
}

function ipv4Text(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${
    view.getUint8(at + 3)
  }`;
}

/** The short form of RFC 5952: the longest run of zero words becomes `::`. */
function ipv6Text(view: DataView, at: number): string {
  const words = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i));
  let start = 0;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (some: number[]) => some.map((word) => word.toString(16)).join(":");
  if (length < 2) return text(words);
  return `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}
