/** Why a message was not stored: "illegal" is the message's fault, "unavailable" and "error" are ours. */
export type PutRefusalStatus = "illegal" | "unavailable" | "error";

/** The message was not stored, and nothing of it is in the log. */
export class PutRefusal extends Error {
  override name = "PutRefusal";
  readonly status: PutRefusalStatus;
  constructor(status: PutRefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** This directory is no store for this node: the process must not go on, exit 4. */
export class StoreRefusal extends Error {
  override name = "StoreRefusal";
}

/** Bytes were not made safe: in time ("late"), or at all, and then never will be by this process ("failed"). */
export class FlushError extends Error {
  override name = "FlushError";
  readonly kind: "late" | "failed";
  constructor(kind: FlushError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
