import { FieldError } from "../base/errors.ts";
import { JsonBody, shown } from "./json_body.ts";
import { formatLooseObject } from "./loose_json.ts";

/** Says which of two tables is the later one; equal versions are equal tables. Source: DataVersion. */
export interface DataVersion {
  readonly counter: number;
  /** When it changed last, ms since 1970. */
  readonly timestamp: number;
  /** 5.x only: grows with each change of a broker's role. */
  readonly stateVersion?: number;
}

/** @throws {FieldError} */
export function readDataVersion(body: JsonBody): DataVersion {
  const version = { counter: body.long("counter", 0), timestamp: body.long("timestamp", 0) };
  const stateVersion = body.long("stateVersion", 0);
  return stateVersion === 0 ? version : { ...version, stateVersion };
}

/** True when two tables with these versions are the same. */
export function sameVersion(a: DataVersion, b: DataVersion): boolean {
  return a.counter === b.counter && a.timestamp === b.timestamp &&
    (a.stateVersion ?? 0) === (b.stateVersion ?? 0);
}

/** Delay level -> next entry of its queue to deliver: body of 45, delayOffset.json. @throws {FieldError} */
export function parseDelayTable(body: Uint8Array | string): Map<number, number> {
  return readNumbers(JsonBody.parse(body).object("offsetTable"));
}

/** What delayOffset.json holds: the table and, in ours, from where on the log has what the table does not know. */
export interface DelayFile {
  readonly levels: ReadonlyMap<number, number>;
  /** Java's file does not say. */
  readonly logOffset?: number;
}

/** @throws {FieldError} */
export function parseDelayFile(text: string): DelayFile {
  const logOffset = JsonBody.parse(text).long("logOffset", -1);
  const levels = parseDelayTable(text);
  return logOffset < 0 ? { levels } : { levels, logOffset };
}

/** The text of the file; a Java broker passes over what it does not know. */
export function formatDelayFile({ levels, logOffset }: DelayFile): string {
  const text = formatDelayTable(levels, true);
  return logOffset === undefined ? text : `${text.slice(0, -2)},\n\t"logOffset":${logOffset}\n}`;
}

/**
 * The JSON of the table: levels stand without quotes, as slaves write it into their file unread; `pretty`
 * breaks lines where Java's file does.
 */
export function formatDelayTable(table: ReadonlyMap<number, number>, pretty = false): string {
  const levels = formatLooseObject(table);
  if (!pretty) return `{"offsetTable":${levels}}`;
  const end = table.size > 0 ? "\n\t}" : "}";
  return `{\n\t"offsetTable":${levels.slice(0, -1)}${end}\n}`;
}

/** An object's fields as whole numbers by whole numbers, which a table has as keys. @throws {FieldError} */
export function readNumbers(object: JsonBody): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const [key, value, path] of object.all()) {
    const number = Number(key);
    if ((number | 0) !== number || String(number) !== key) {
      throw new FieldError(path, key, "a key that is a whole number");
    }
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new FieldError(path, shown(value), "a whole number");
    }
    numbers.set(number, value);
  }
  return numbers;
}

/** JSON for a body, or with line breaks and tabs as Java writes its files. */
export function formatJson(value: unknown, pretty: boolean): string {
  return pretty ? JSON.stringify(value, null, "\t") : JSON.stringify(value);
}
