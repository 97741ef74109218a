import { ByteQueue, readInt64, viewOf, writeInt64 } from "../base/bytes.ts";
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
 * With `recycle` a batch lives until the next one is asked for: then its memory is used anew, and the chunk
 * it lay in is given back.
 *
 * Source: HAConnection.WriteSocketService, HAClient.dispatchReadRequest.
 */
export function decodeTransfers(
  recycle?: (chunk: Uint8Array) => void,
): TransformStream<Uint8Array, Transfer[]> {
  const frames = new TransferFrames(recycle);
  return new TransformStream({
    transform(chunk, out) {
      out.enqueue(frames.next(chunk));
    },
  });
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Finds transfers in chunks; only one that is split between chunks is copied. */
class TransferFrames {
  readonly #recycle: ((chunk: Uint8Array) => void) | undefined;
  #last: Uint8Array | undefined; // the chunk before
  #rest: Uint8Array = NO_BYTES; // its end: a transfer's first bytes
  #split: Uint8Array = NO_BYTES; // where a transfer is put together that lies in several chunks
  #splitBytes = 0;

  constructor(recycle?: (chunk: Uint8Array) => void) {
    this.#recycle = recycle;
  }

  /** The transfers this chunk completes. */
  next(chunk: Uint8Array): Transfer[] {
    this.#letGo();
    this.#last = chunk;
    const batch: Transfer[] = [];
    const view = viewOf(chunk);
    let at = this.#splitBytes > 0 ? this.#join(chunk, batch) : 0;
    while (chunk.length - at >= TRANSFER_HEADER_BYTES) {
      const end = at + frameBytes(view, at);
      if (end > chunk.length) break;
      batch.push(transferAt(chunk, view, at, end));
      at = end;
    }
    this.#rest = chunk.subarray(at);
    return batch;
  }

  /** The batch before was used up: what is left of its chunk is copied, the chunk is free. */
  #letGo(): void {
    if (this.#last === undefined) return;
    if (this.#rest.length > 0) this.#copy(this.#rest);
    this.#recycle?.(this.#last);
    this.#last = undefined;
  }

  /** Completes the split transfer if the chunk does; gives how much of the chunk that took. */
  #join(chunk: Uint8Array, batch: Transfer[]): number {
    let at = 0;
    const fill = (size: number): boolean => {
      const count = Math.max(0, Math.min(size - this.#splitBytes, chunk.length - at));
      this.#copy(chunk.subarray(at, at + count));
      at += count;
      return this.#splitBytes >= size;
    };
    if (!fill(TRANSFER_HEADER_BYTES)) return at;
    const size = frameBytes(viewOf(this.#split), 0);
    if (!fill(size)) return at;
    batch.push(transferAt(this.#split, viewOf(this.#split), 0, size));
    this.#splitBytes = 0;
    if (!this.#recycle) this.#split = NO_BYTES; // it is the batch's
    return at;
  }

  #copy(bytes: Uint8Array): void {
    const length = this.#splitBytes + bytes.length;
    if (length > this.#split.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#split.length, 64 * 1024));
      larger.set(this.#split.subarray(0, this.#splitBytes));
      this.#split = larger;
    }
    this.#split.set(bytes, this.#splitBytes);
    this.#splitBytes = length;
  }
}

/** Length of the transfer whose header lies at `at`. */
function frameBytes(view: DataView, at: number): number {
  const size = view.getInt32(at + 8);
  if (size < 0 || size > TRANSFER_BODY_BYTES_MAX) {
    throw new WireError(
      `transfer at ${
        readInt64(view, at)
      } of ${size} bytes, it must have 0 to ${TRANSFER_BODY_BYTES_MAX}`,
    );
  }
  return TRANSFER_HEADER_BYTES + size;
}

function transferAt(bytes: Uint8Array, view: DataView, at: number, end: number): Transfer {
  return {
    logOffset: readInt64(view, at),
    body: bytes.subarray(at + TRANSFER_HEADER_BYTES, end),
  };
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
