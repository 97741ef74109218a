/** What a peer answered when it did not do what was asked. */
export class AnswerError extends Error {
  /** Tells it from other errors. */
  override name = "AnswerError";
  /** The answer's code, see ResponseCode. */
  readonly code: number;
  /** Made where an answer is read. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
