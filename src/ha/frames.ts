import { ByteQueue, viewOf, writeInt64 } from "../base/bytes.ts";
import { WireError } from "../base/errors.ts";

/** Bytes of one report. Source: HAClient.REPORT_HEADER_SIZE. */
export const REPORT_BYTES = 8;
/** Bytes before the body of a transfer. Source: HAConnection.TRANSFER_HEADER_SIZE. */
export const TRANSFER_HEADER_BYTES = 12;
/** A Java slave must fit header and body in its 4 MiB buffer; a peer that claims more is not a broker. */
export const TRANSFER_BODY_BYTES_MAX = 4 * 1024 * 1024 - TRANSFER_HEADER_BYTES;

/** Commit-log bytes on their way to a slave; see `decodeTransfers` for their layout. */
export interface Transfer {
  /** Where the first byte of `body` lies in the log; of a heartbeat: where the next body will start. */
  readonly logOffset: number;
  /** Empty in a heartbeat. A view of a received chunk unless the frame was split between chunks. */
  readonly body: Uint8Array;
}

/**
 * What a slave tells: the end of its log, nothing else. The first report of a connection says where to
 * start, every later one confirms all bytes below it.
 *
 *     0                8
 *     | log end int64  |     big-endian, at multiples of 8 bytes from the start of the connection
 *
 * Each chunk gives one batch with the reports it completed; an empty batch still says that bytes came.
 *
 * Source: HAConnection.ReadSocketService, HAClient.reportSlaveMaxOffset.
 */
export function decodeReports(): TransformStream<Uint8Array, number[]> {
  const bytes = new ByteQueue(); // at most 7 bytes and a chunk
  return new TransformStream({
    transform(chunk, out) {
      bytes.push(chunk);
      const batch: number[] = [];
      while (bytes.length >= REPORT_BYTES) {
        batch.push(peekInt64(bytes));
        bytes.take(REPORT_BYTES);
      }
      out.enqueue(batch);
    },
  });
}

/**
 * Commit-log bytes on their way to a slave. `body` is cut anywhere, also inside a message.
 *
 *     0               8         12
 *     | offset int64  | n int32 | body: n bytes |     big-endian; n = 0 is a heartbeat
 *
 * All transfers that one chunk completes travel together, so that they can be appended and reported
 * together; an empty batch still says that bytes came. The stream fails with a WireError when n is
 * negative or above TRANSFER_BODY_BYTES_MAX; what the same chunk held before it is lost with it.
 *
 * Source: HAConnection.WriteSocketService, HAClient.dispatchReadRequest.
 */
export function decodeTransfers(): TransformStream<Uint8Array, Transfer[]> {
  const bytes = new ByteQueue(); // at most one frame and a chunk; only a split frame is copied
  return new TransformStream({
    transform(chunk, out) {
      bytes.push(chunk);
      const batch: Transfer[] = [];
      for (let next = takeTransfer(bytes); next; next = takeTransfer(bytes)) batch.push(next);
      out.enqueue(batch);
    },
  });
}

function takeTransfer(bytes: ByteQueue): Transfer | undefined {
  if (bytes.length < TRANSFER_HEADER_BYTES) return undefined;
  const size = bytes.peekInt32(8);
  if (size < 0 || size > TRANSFER_BODY_BYTES_MAX) {
    throw new WireError(
      `transfer at ${
        peekInt64(bytes)
      } of ${size} bytes, it must have 0 to ${TRANSFER_BODY_BYTES_MAX}`,
    );
  }
  if (bytes.length < TRANSFER_HEADER_BYTES + size) return undefined;
  const logOffset = peekInt64(bytes);
  bytes.take(TRANSFER_HEADER_BYTES);
  return { logOffset, body: bytes.take(size) };
}

/** As `readInt64`: exact within 2^53, beyond it the nearest double, which callers refuse by range. */
function peekInt64(bytes: ByteQueue): number {
  return bytes.peekInt32() * 4294967296 + (bytes.peekInt32(4) >>> 0);
}

/** The bytes of one report. */
export function encodeReport(logEnd: number): Uint8Array {
  const bytes = new Uint8Array(REPORT_BYTES);
  writeInt64(viewOf(bytes), 0, logEnd);
  return bytes;
}

/** Writes the header of a transfer at `at`; its body of `size` bytes belongs right behind it. */
export function writeTransferHeader(
  view: DataView,
  at: number,
  logOffset: number,
  size: number,
): void {
  writeInt64(view, at, logOffset);
  view.setInt32(at + 8, size);
}

/** The bytes of one transfer. The master does not use it: it reads log bytes straight behind headers. */
export function encodeTransfer({ logOffset, body }: Transfer): Uint8Array {
  const bytes = new Uint8Array(TRANSFER_HEADER_BYTES + body.length);
  writeTransferHeader(viewOf(bytes), 0, logOffset, body.length);
  bytes.set(body, TRANSFER_HEADER_BYTES);
  return bytes;
}
