import type { JsonBody } from "./json_body.ts";

/** Says which of two tables is the later one; equal versions are equal tables. Source: DataVersion. */
export interface DataVersion {
  readonly counter: number;
  /** When it changed last, ms since 1970. */
  readonly timestamp: number;
}

/** @throws {FieldError} */
export function readDataVersion(body: JsonBody): DataVersion {
  return { counter: body.long("counter", 0), timestamp: body.long("timestamp", 0) };
}

/** JSON for a body, or with line breaks and tabs as Java writes its files. */
export function formatJson(value: unknown, pretty: boolean): string {
  return pretty ? JSON.stringify(value, null, "\t") : JSON.stringify(value);
}
