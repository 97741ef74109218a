/** Facts of a log line: names and plain values. */
export type Facts = Readonly<Record<string, unknown>>;

/** Where log lines go. A message says what happened in a few words, the facts hold the values. */
export interface Log {
  /** For whoever looks for a fault. */
  debug(message: string, facts?: Facts): void;
  /** What an operator wants to know later. */
  info(message: string, facts?: Facts): void;
  /** Something is not as it should be, and goes on. */
  warn(message: string, facts?: Facts): void;
  /** Something ended that should not. */
  error(message: string, facts?: Facts): void;
  /** A log whose lines say that they come from this part. */
  child(name: string): Log;
}

function nothing(): void {}

/** Drops every line. For tests, and for libraries whose user gave no log. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
