/** The peer sent bytes that cannot be a frame or a header: close its connection, nobody else's. */
export class WireError extends Error {
  override name = "WireError";
}

/** A request's field is missing or cannot be what it should be: answer code 1, the connection lives. */
export class FieldError extends Error {
  override name = "FieldError";
  readonly field: string;
  constructor(field: string, value: string | undefined, wanted: string) {
    super(
      value === undefined
        ? `field "${field}" is missing, it must be ${wanted}`
        : `field "${field}" is "${
          value.length > 100 ? value.slice(0, 100) + "…" : value
        }", it must be ${wanted}`,
    );
    this.field = field;
  }
}

/** The disk holds something else than what was written: stop, and say where. */
export class CorruptLogError extends Error {
  override name = "CorruptLogError";
  readonly file: string;
  readonly offset: number;
  constructor(file: string, offset: number, reason: string) {
    super(`${file} at byte ${offset}: ${reason}`);
    this.file = file;
    this.offset = offset;
  }
}

/** A bug of ours when it fires: something that cannot be is. */
export function invariant(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${claim}`);
}
