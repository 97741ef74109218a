/** What a peer answered when it did not do what was asked. */
export class AnswerError extends Error {
  override name = "AnswerError";
  /** The answer's code, see ResponseCode. */
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
