/** Where a socket is: a host name or an IP literal (no brackets around IPv6) and a port. */
export interface Address {
  /** A name, or an IP literal. */
  readonly host: string;
  /** 0 asks for any free port. */
  readonly port: number;
}

/**
 * One TCP connection as two Web Streams. Disposing it closes both directions at once.
 *
 * - `readable`: a chunk belongs to whoever read it and is never written to again; it ends when the peer
 *   sent its FIN and fails when the connection broke. Nothing is read from the socket beyond a bounded
 *   buffer (256 KiB) while nobody reads the stream.
 * - `writable`: a written chunk must not be changed before its write resolved; the write resolves when the
 *   socket took all of it, so an unread peer makes the writer wait. Closing the stream sends a FIN and
 *   leaves the other direction open; writing to a connection that is gone rejects.
 */
export interface Connection extends Disposable {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly local: Address;
  readonly remote: Address;
  /**
   * Gives the memory of a chunk that `readable` gave back for later reads: a fresh buffer for each read costs
   * more than the read. The caller keeps no view of it. Nobody has to, and an adapter may have no use for it.
   */
  recycle?(chunk: Uint8Array): void;
  /** Ends both directions at once; a pending read ends or fails, a pending write rejects. Safe to repeat. */
  close(): void;
}

/** An open port. Iterating gives each new connection, and ends once the listener was closed. */
export interface Listener extends Disposable {
  /** The bound address; the port is the real one when 0 was asked for. */
  readonly address: Address;
  readonly connections: AsyncIterable<Connection>;
  /** Stops accepting; connections that were accepted live on. Safe to repeat. */
  close(): void;
}

/** What the core asks of a runtime's TCP. Every connection has TCP_NODELAY on. */
export interface Net {
  /** @throws {NetError} when nobody answers at `to` within `timeoutMs`, or `signal` aborts first. */
  dial(to: Address, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Connection>;
  /** @throws {NetError} with `code` "in-use" when the port is taken. */
  listen(at: Address): Promise<Listener>;
}

/** A failed dial or listen; its message names the address, `code` the cases the core treats differently. */
export class NetError extends Error {
  override name = "NetError";
  readonly code: "in-use" | "refused" | "timeout" | "other";
  constructor(code: NetError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
