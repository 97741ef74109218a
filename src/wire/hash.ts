const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // Java takes a BOM for a character

/**
 * Java's String.hashCode: over UTF-16 units, as int32. Consume queues hold it for each message's tag and
 * subscriptions carry it, so it must be Java's.
 */
export function javaHash(text: string): number {
  return goOn(0, text);
}

/**
 * The same for a text that lies as UTF-8 in `bytes` from `from` up to `to`; no string is made of ASCII.
 * `head` is the hash of a text that this one goes on.
 */
export function javaHashOfUtf8(bytes: Uint8Array, from: number, to: number, head = 0): number {
  let hash = head;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte >= 0x80) return goOn(head, decoder.decode(bytes.subarray(from, to)));
    hash = (Math.imul(31, hash) + byte) | 0;
  }
  return hash;
}

function goOn(head: number, text: string): number {
  let hash = head;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}
