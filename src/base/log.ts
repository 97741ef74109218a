/** Facts of a log line: names and plain values. */
export type Facts = Readonly<Record<string, unknown>>;

/** Where log lines go. A message says what happened in a few words, the facts hold the values. */
export interface Log {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
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
