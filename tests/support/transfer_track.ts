const HEADER_BYTES = 12;

/** Where to break a stream of transfers. */
export interface Place {
  /** In the first header, or the first body, or right behind the first log file, at or past `from`. */
  readonly in: "header" | "body" | "file end";
  /** A log offset: of the transfer's first byte; of its last file's end for "file end". */
  readonly from: number;
  /** How many bytes of the header or the body still pass; default: half of them. */
  readonly bytes?: number;
}

/** What a stream of transfers was seen to hold. */
export interface Seen {
  /** The first transfer of the stream. */
  readonly first: { readonly logOffset: number; readonly size: number } | undefined;
  readonly heartbeats: number;
  readonly bodies: number;
  readonly longestBody: number;
  /** Bodies that did not end in the file they began in. */
  readonly acrossFiles: number;
  /** Behind the last byte that passed. */
  readonly end: number;
}

/**
 * Follows what a master sends, transfer by transfer, and finds the byte behind which a place lies. It keeps
 * the numbers of the stream and no bytes but those of a header.
 */
export class TransferTrack implements Seen {
  first: Seen["first"];
  heartbeats = 0;
  bodies = 0;
  longestBody = 0;
  acrossFiles = 0;
  end = 0;
  readonly #fileBytes: number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #view = new DataView(this.#header.buffer);
  #got = 0; // bytes of the header
  #left = 0; // bytes of the body
  #place: Place | undefined;
  #until: number | undefined; // bytes up to the place, once it is known which transfer holds it

  constructor(fileBytes: number) {
    this.#fileBytes = fileBytes;
  }

  /** Looks for that place from the next transfer on. */
  seek(place: Place | undefined): void {
    this.#place = place;
    this.#until = undefined;
  }

  /** How many bytes of the chunk lie before the place: all of them while it is not reached. */
  pass(chunk: Uint8Array): { bytes: number; reached: boolean } {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0 && this.#got === 0) this.#beforeHeader();
      const wanted = this.#left > 0 ? this.#left : HEADER_BYTES - this.#got;
      const length = Math.min(wanted, chunk.length - at, this.#until ?? Infinity);
      const until = this.#until; // a header's last byte may set it, for what is behind it
      this.#take(chunk.subarray(at, at + length));
      at += length;
      if (until === undefined) continue;
      this.#until = until - length;
      if (this.#until === 0) return { bytes: at, reached: true };
    }
    return { bytes: at, reached: false };
  }

  #take(bytes: Uint8Array): void {
    if (this.#left > 0) {
      this.#left -= bytes.length;
      this.end += bytes.length;
      return;
    }
    this.#header.set(bytes, this.#got);
    this.#got += bytes.length;
    if (this.#got === HEADER_BYTES) this.#behindHeader();
  }

  #beforeHeader(): void {
    const place = this.#place;
    if (place?.in !== "header" || this.first === undefined || this.end < place.from) return;
    this.#until ??= place.bytes ?? HEADER_BYTES / 2;
  }

  #behindHeader(): void {
    const logOffset = Number(this.#view.getBigInt64(0));
    const size = this.#view.getInt32(8);
    this.#got = 0;
    this.#left = size;
    this.end = logOffset;
    this.first ??= { logOffset, size };
    if (size === 0) return void this.heartbeats++;
    this.bodies++;
    this.longestBody = Math.max(this.longestBody, size);
    const fileEnd = logOffset - logOffset % this.#fileBytes + this.#fileBytes;
    if (logOffset + size > fileEnd) this.acrossFiles++;
    this.#placeInBody(logOffset, size, fileEnd);
  }

  #placeInBody(logOffset: number, size: number, fileEnd: number): void {
    const place = this.#place;
    if (place === undefined) return;
    if (place.in === "body" && size > 1 && logOffset >= place.from) {
      this.#until ??= Math.min(place.bytes ?? size >> 1, size - 1);
    }
    const endsFile = logOffset + size === fileEnd && fileEnd >= place.from;
    if (place.in === "file end" && endsFile) this.#until ??= size;
  }
}
