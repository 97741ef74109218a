import { invariant, WireError } from "../base/errors.ts";
import { viewOf } from "../base/bytes.ts";
import type { ExtFields } from "./command.ts";
import type { Header } from "./header.ts";
import { languageCode, languageName } from "./header.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const REMARK_LENGTH_AT = 13;
/** Size of a header without remark and ext fields. */
const FIXED_BYTES = 21;

/**
 * A header in ROCKETMQ binary form.
 *
 *     0            2               3               5              9            13
 *     | code int16 | language int8 | version int16 | opaque int32 | flag int32 |
 *     | remarkLen int32 | remark UTF-8 | extLen int32 | ext entries: extLen bytes |      big-endian
 *     ext entry: | keyLen int16 | key UTF-8 | valLen int32 | value UTF-8 |
 *
 * An entry may come twice: the last one counts. Bytes behind the entries are ignored.
 *
 * @throws {WireError} when a length leads out of the header. Source: RocketMQSerializable.
 */
export function readBinaryHeader(bytes: Uint8Array): Header {
  if (bytes.length < FIXED_BYTES) {
    throw new WireError(`binary header of ${bytes.length} bytes, at least ${FIXED_BYTES}`);
  }
  const view = viewOf(bytes);
  const remarkEnd = endOf("remark", view.getInt32(REMARK_LENGTH_AT), REMARK_LENGTH_AT + 4, bytes);
  if (remarkEnd + 4 > bytes.length) throw outside("ext length", 4, remarkEnd, bytes);
  const extAt = remarkEnd + 4;
  const extEnd = endOf("ext fields", view.getInt32(remarkEnd), extAt, bytes);
  return {
    code: view.getInt16(0),
    language: languageName(bytes[2]),
    version: view.getInt16(3),
    opaque: view.getInt32(5),
    flag: view.getInt32(9),
    remark: remarkEnd > REMARK_LENGTH_AT + 4
      ? decoder.decode(bytes.subarray(REMARK_LENGTH_AT + 4, remarkEnd))
      : undefined,
    ext: readExt(view, bytes.subarray(0, extEnd), extAt),
  };
}

/** No header takes more bytes than this. */
export function binaryHeaderBytesMax(header: Header): number {
  let bytes = FIXED_BYTES + 3 * (header.remark?.length ?? 0);
  for (const key in header.ext) bytes += 6 + 3 * (key.length + header.ext[key].length);
  return bytes;
}

/** Writes a header where the caller made room for `binaryHeaderBytesMax`; gives its size. */
export function putBinaryHeader(
  into: Uint8Array,
  view: DataView,
  at: number,
  header: Header,
): number {
  view.setInt16(at, header.code);
  view.setInt8(at + 2, languageCode(header.language));
  view.setInt16(at + 3, header.version);
  view.setInt32(at + 5, header.opaque);
  view.setInt32(at + 9, header.flag);
  const remarkAt = at + REMARK_LENGTH_AT + 4;
  const remarkBytes = putText(into, remarkAt, header.remark ?? "");
  view.setInt32(remarkAt - 4, remarkBytes);
  const extAt = remarkAt + remarkBytes + 4;
  let end = extAt;
  for (const key in header.ext) {
    const keyBytes = putText(into, end + 2, key);
    invariant(keyBytes <= 0x7fff, "the name of an ext field fits an int16 length");
    view.setInt16(end, keyBytes);
    end += 2 + keyBytes;
    const valueBytes = putText(into, end + 4, header.ext[key]);
    view.setInt32(end, valueBytes);
    end += 4 + valueBytes;
  }
  view.setInt32(extAt - 4, end - extAt);
  return end - at;
}

function readExt(view: DataView, bytes: Uint8Array, from: number): ExtFields {
  const ext: ExtFields = {};
  for (let at = from; at < bytes.length;) {
    if (at + 2 > bytes.length) throw outside("length of an ext name", 2, at, bytes);
    const keyEnd = endOf("ext name", view.getInt16(at), at + 2, bytes);
    if (keyEnd + 4 > bytes.length) throw outside("length of an ext value", 4, keyEnd, bytes);
    const end = endOf("ext value", view.getInt32(keyEnd), keyEnd + 4, bytes);
    ext[decoder.decode(bytes.subarray(at + 2, keyEnd))] = decoder.decode(
      bytes.subarray(keyEnd + 4, end),
    );
    at = end;
  }
  return ext;
}

function endOf(what: string, length: number, at: number, bytes: Uint8Array): number {
  if (length < 0 || length > bytes.length - at) throw outside(what, length, at, bytes);
  return at + length;
}

function outside(what: string, length: number, at: number, bytes: Uint8Array): WireError {
  return new WireError(
    `binary header: ${what} of ${length} bytes at ${at}, at most ${bytes.length - at}`,
  );
}

function putText(into: Uint8Array, at: number, text: string): number {
  return text === "" ? 0 : encoder.encodeInto(text, into.subarray(at)).written;
}
