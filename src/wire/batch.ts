import { textOf, viewOf } from "../base/bytes.ts";
import { FieldError, invariant } from "../base/errors.ts";
import { PROPERTIES_BYTES_MAX } from "./record_layout.ts";

const encoder = new TextEncoder();
/** Up to and with bodyLength. */
const ENTRY_HEAD_BYTES = 20;
/** An entry without body and properties. */
const ENTRY_BYTES_MIN = ENTRY_HEAD_BYTES + 2;

/** One message of a batch; `body` is a view of the batch's. */
export interface BatchEntry {
  readonly flag: number;
  readonly body: Uint8Array;
  readonly properties: string;
}

/**
 * The messages in the body of a batch send (320), back to back.
 *
 *     0           4       8         12     16           20
 *     | totalSize | magic | bodyCRC | flag | bodyLength | body | propertiesLength | properties |
 *       int32       int32   int32     int32  int32               int16
 *
 * Readers go by the fields: Java clients send 0 for magic and CRC, and totalSize is not looked at.
 *
 * @throws {FieldError} when a field leads out of the body. Source: MessageDecoder.decodeMessages.
 */
export function splitBatch(batch: Uint8Array): BatchEntry[] {
  const view = viewOf(batch);
  const entries: BatchEntry[] = [];
  for (let at = 0; at < batch.length;) {
    if (at + ENTRY_BYTES_MIN > batch.length) throw outside("entry", ENTRY_BYTES_MIN, at, batch);
    const bodyAt = at + ENTRY_HEAD_BYTES;
    const bodyLength = view.getInt32(bodyAt - 4);
    const propertiesAt = bodyAt + bodyLength + 2;
    if (bodyLength < 0 || propertiesAt > batch.length) {
      throw outside("body and length of properties", bodyLength + 2, bodyAt, batch);
    }
    const propertiesLength = view.getInt16(propertiesAt - 2);
    const end = propertiesAt + propertiesLength;
    if (propertiesLength < 0 || end > batch.length) {
      throw outside("properties", propertiesLength, propertiesAt, batch);
    }
    entries.push({
      flag: view.getInt32(at + 12),
      body: batch.subarray(bodyAt, propertiesAt - 2),
      properties: textOf(batch.subarray(propertiesAt, end)),
    });
    at = end;
  }
  return entries;
}

/** The body of a batch send, byte for byte as Java clients write it. */
export function encodeBatch(entries: readonly BatchEntry[]): Uint8Array {
  let most = 0;
  for (const { body, properties } of entries) {
    most += ENTRY_BYTES_MIN + body.length + 3 * properties.length;
  }
  const batch = new Uint8Array(most);
  const view = viewOf(batch);
  let at = 0;
  for (const entry of entries) at += putEntry(batch, view, at, entry);
  return batch.subarray(0, at);
}

function putEntry(into: Uint8Array, view: DataView, at: number, entry: BatchEntry): number {
  view.setInt32(at + 12, entry.flag);
  view.setInt32(at + 16, entry.body.length);
  into.set(entry.body, at + ENTRY_HEAD_BYTES);
  const propertiesAt = at + ENTRY_BYTES_MIN + entry.body.length;
  const { written } = encoder.encodeInto(entry.properties, into.subarray(propertiesAt));
  invariant(written <= PROPERTIES_BYTES_MAX, "properties fit an int16 length");
  view.setInt16(propertiesAt - 2, written);
  const size = propertiesAt + written - at;
  view.setInt32(at, size);
  return size;
}

function outside(what: string, length: number, at: number, batch: Uint8Array): FieldError {
  const value = `${what} of ${length} bytes at byte ${at} of ${batch.length}`;
  return new FieldError("body", value, "whole batch entries");
}
