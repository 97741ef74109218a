import { crc32, deflateSync, inflateSync } from "node:zlib";
import type { Codecs } from "../../src/ports/host.ts";

/** The work adapters give to the runtime's zlib, for tests of what is built on it. */
export const codecs: Codecs = {
  crc32: (bytes, seed) => crc32(bytes, seed),
  deflate: (bytes, level) => new Uint8Array(deflateSync(bytes, { level })),
  inflate: (bytes, maxBytes) => new Uint8Array(inflateSync(bytes, { maxOutputLength: maxBytes })),
};
