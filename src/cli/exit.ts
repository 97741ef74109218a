/** How a command ends, for scripts. */
export const Exit = {
  OK: 0,
  /** It did not work, a taken port too. */
  FAILED: 1,
  /** The command line or the configuration is wrong; nothing was opened. */
  USAGE: 2,
  /** It worked, but something is unhealthy or behind. */
  UNHEALTHY: 3,
  /** Refused for safety: a damaged log, the wrong store, a second process on it. */
  REFUSED: 4,
  TIMEOUT: 124,
} as const;

/** The command line is wrong: said with a pointer to the help, exit 2. */
export class UsageError extends Error {
  override name = "UsageError";
  /** Words of the command whose help tells; the first word of the command line unless told. */
  readonly helpAt: string | undefined;

  constructor(message: string, { helpAt }: { readonly helpAt?: string } = {}) {
    super(message);
    this.helpAt = helpAt;
  }
}
