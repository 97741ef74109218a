import { FieldError } from "../base/errors.ts";
import type { Codecs } from "../ports/host.ts";
import { SysFlag } from "./record_layout.ts";

/** By the three bits of COMPRESSION_TYPE. Source: CompressionType. */
const TYPES = ["zlib", "LZ4", "ZSTD", "zlib"];

/** A body and the sysFlag that says how it is packed. */
export interface PackedBody {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

/** Packs a body. Only bit 0 is set: with no type bits it means zlib to clients of any age. */
export function compressBody(codecs: Codecs, { body, sysFlag }: PackedBody): PackedBody {
  const plain = sysFlag & ~SysFlag.COMPRESSION_TYPE;
  return { body: codecs.deflate(body, 5), sysFlag: plain | SysFlag.COMPRESSED };
}

/**
 * The body as the producer gave it, at most `maxBytes` of it. Only clients unpack: brokers pass bytes on.
 *
 * @throws {FieldError} when it is packed in a way we cannot read, or is damaged, or would be larger.
 */
export function unpackBody(
  codecs: Codecs,
  { body, sysFlag }: PackedBody,
  maxBytes: number,
): Uint8Array {
  if ((sysFlag & SysFlag.COMPRESSED) === 0) return body;
  const type = TYPES[(sysFlag & SysFlag.COMPRESSION_TYPE) >> 8] ?? "unknown";
  if (type !== "zlib") throw new FieldError("body", `compressed by ${type}`, "plain or zlib");
  return inflateField("body", codecs, body, maxBytes);
}

/** Unpacks a zlib stream that a peer sent as the named field. @throws {FieldError} */
export function inflateField(
  field: string,
  codecs: Codecs,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  try {
    return codecs.inflate(bytes, maxBytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FieldError(field, reason, `a zlib stream of at most ${maxBytes} bytes`);
  }
}
