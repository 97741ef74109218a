import { WireError } from "../base/errors.ts";

/** Java peers close the connection on a larger frame, its length word included. Source: NettyDecoder. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;

const LENGTH_BYTES = 4;
const HEADER_WORD_BYTES = 4;
/** What a frame split between reads gets first; it grows as bytes arrive, so a lie about the length costs nothing. */
const FIRST_ROOM_BYTES = 64 * 1024;

/**
 * Cuts a byte stream into frames, without the length word.
 *
 *     0          4               8                    8+H                8+H+B
 *     | length   | headerWord    | header: H bytes    | body: B bytes    |   big-endian
 *       int32      type << 24 | H      length = 4 + H + B
 *
 * A frame within one chunk is a view of it; only one split between chunks is copied. What is held back is
 * never more than the arrived part of one frame, in one buffer, no matter how small the pieces are.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #ready: Uint8Array[] = [];
  #room = new Uint8Array(0); // the arrived part of a split frame, its length word included
  #held = 0; // bytes of it

  constructor(maxBytes: number = FRAME_BYTES_MAX) {
    this.#maxBytes = maxBytes;
  }

  /** Adds what one read brought. @throws {WireError} when it cannot be frames; the reader is spent then. */
  push(chunk: Uint8Array): void {
    let at = this.#held > 0 ? this.#complete(chunk) : 0;
    while (chunk.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + this.#lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Takes the whole frames that have arrived. */
  take(): Uint8Array[] {
    const frames = this.#ready;
    this.#ready = [];
    return frames;
  }

  /** Adds to the split frame what belongs to it; gives where the next frame begins in the chunk. */
  #complete(chunk: Uint8Array): number {
    let at = 0;
    if (this.#held < LENGTH_BYTES) {
      at = Math.min(LENGTH_BYTES - this.#held, chunk.length);
      this.#hold(chunk, 0, at);
      if (this.#held < LENGTH_BYTES) return at;
    }
    const size = LENGTH_BYTES + this.#lengthAt(this.#room, 0);
    const end = Math.min(at + size - this.#held, chunk.length);
    this.#hold(chunk, at, end, size);
    if (this.#held === size) {
      const frame = this.#room.subarray(LENGTH_BYTES, size);
      this.#room = new Uint8Array(0);
      this.#held = 0;
      this.#emit(frame);
    }
    return end;
  }

  /** Copies a part of the chunk behind what is held; `size` is the whole frame's, once it is known. */
  #hold(chunk: Uint8Array, from: number, to: number, size = 0): void {
    const needed = this.#held + to - from;
    if (needed > this.#room.length) {
      const wanted = Math.max(needed, 4 * this.#room.length, FIRST_ROOM_BYTES);
      const room = new Uint8Array(size === 0 ? needed : Math.min(wanted, size));
      room.set(this.#room.subarray(0, this.#held));
      this.#room = room;
    }
    this.#room.set(chunk.subarray(from, to), this.#held);
    this.#held = needed;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    if (length < HEADER_WORD_BYTES) {
      throw new WireError(`frame length ${length}, at least ${HEADER_WORD_BYTES}`);
    }
    if (length + LENGTH_BYTES > this.#maxBytes) {
      throw new WireError(`frame of ${length + LENGTH_BYTES} bytes, at most ${this.#maxBytes}`);
    }
    return length;
  }

  #emit(frame: Uint8Array): void {
    const headerBytes = frame[1] << 16 | frame[2] << 8 | frame[3];
    const room = frame.length - HEADER_WORD_BYTES;
    if (headerBytes > room) {
      throw new WireError(`header of ${headerBytes} bytes, the frame has ${room}`);
    }
    this.#ready.push(frame);
  }
}

/**
 * Frames of a connection, without their length words. All whole frames of one read travel together, so
 * that their answers can too. Bytes that cannot be frames make the stream fail with a WireError.
 */
export function decodeFrames(
  maxBytes: number = FRAME_BYTES_MAX,
): TransformStream<Uint8Array, Uint8Array[]> {
  const reader = new FrameReader(maxBytes);
  return new TransformStream({
    transform(chunk, out) {
      reader.push(chunk);
      const frames = reader.take();
      if (frames.length > 0) out.enqueue(frames);
    },
  });
}
