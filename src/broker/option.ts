import { durationMs } from "../base/duration.ts";

/** One option of a node: how its text is read, and what a person wants to know about it. */
export interface Option<T> {
  /** The value when no source names one; undefined when `configOf` derives it from other options. */
  readonly fallback: T;
  /**
   * Gives the value a text stands for, or undefined when it stands for none.
   */
  readonly parse: (text: string) => T | undefined;
  /**
   * What the text must be, to finish the sentence "it must be …".
   */
  readonly wanted: string;
  /**
   * The unit of a number; empty for what has none.
   */
  readonly unit: string;
  /**
   * One sentence: what it does.
   */
  readonly doc: string;
  /**
   * True when giving the flag without a value means true.
   */
  readonly flag: boolean;
  /**
   * Where ours is not RocketMQ 4.9.7's: what Java has, and why ours differs; absent where they are alike.
   */
  readonly java?: string;
}

/** Limits and unit of a number. */
export interface WholeLimits {
  /** The smallest value taken; 0 when absent. */
  readonly min?: number;
  /** The largest value taken; 2^31 - 1, an int's, when absent. */
  readonly max?: number;
  /** ms, bytes, pages and so on. */
  readonly unit?: string;
}

const INT_MAX = 2 ** 31 - 1;

function option<T>(
  fallback: T,
  doc: string,
  wanted: string,
  parse: Option<T>["parse"],
  unit = "",
): Option<T> {
  return { fallback, parse, wanted, unit, doc, flag: typeof fallback === "boolean" };
}

/** An option that is not as RocketMQ 4.9.7 has it; `java` says what it has there, and why. */
export function unlikeJava<T>(java: string, given: Option<T>): Option<T> {
  return { ...given, java };
}

/** A whole number within limits, decimal digits only. */
export function whole(fallback: number, limits: WholeLimits, doc: string): Option<number> {
  const { min = 0, max = INT_MAX, unit = "" } = limits;
  const wanted = `a whole number${unit && ` of ${unit}`} from ${min} to ${max}`;
  return option(fallback, doc, wanted, (text) => wholeIn(text, min, max), unit);
}

/** A duration. */
export function ms(fallback: number, min: number, max: number, doc: string): Option<number> {
  return whole(fallback, { min, max, unit: "ms" }, doc);
}

/** A TCP port; 0 leaves the choice to us. */
export function port(fallback: number, doc: string): Option<number> {
  return whole(fallback, { max: 65_535 }, doc);
}

/** true or false, in any case. Java takes everything else for false; a misspelt "ture" is worth an error. */
export function bool(fallback: boolean, doc: string): Option<boolean> {
  return option(fallback, doc, "true or false", (text) => {
    const lower = text.toLowerCase();
    return lower === "true" ? true : lower === "false" ? false : undefined;
  });
}

/** One of a few words, spelt exactly so. */
export function oneOf<const W extends string>(
  words: readonly W[],
  fallback: NoInfer<W>,
  doc: string,
): Option<W> {
  const wanted = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return option<W>(fallback, doc, wanted, (text) => words.find((word) => word === text));
}

/** A name that is also fit for a topic and a folder. */
export function name(fallback: string, doc: string): Option<string> {
  const wanted = "1 to 127 of letters, digits and _ - % | . without a . in front";
  return option(
    fallback,
    doc,
    wanted,
    (text) => /^[A-Za-z0-9_%|-][A-Za-z0-9_%|.-]{0,126}$/.test(text) ? text : undefined,
  );
}

/** Any text, such as a path; empty means that it is derived. */
export function text(doc: string): Option<string> {
  return option("", doc, "a text", (given) => given);
}

/** The path of a file whose name is fixed; empty means that it is derived. */
export function fileNamed(fileName: string, doc: string): Option<string> {
  return option(
    "",
    doc,
    `a path that ends in /${fileName}`,
    (given) => given.endsWith(`/${fileName}`) ? given : undefined,
  );
}

/** An IPv4 address or a host name; empty means that it is derived. */
export function host(fallback: string, doc: string): Option<string> {
  return option(
    fallback,
    doc,
    "an IPv4 address or a host name",
    (given) => isHost(given) ? given : undefined,
  );
}

/** host:port, or undefined when nobody named one. */
export function address(doc: string): Option<string | undefined> {
  return option<string | undefined>(
    undefined,
    doc,
    "host:port",
    (given) => isAddress(given) ? given : undefined,
  );
}

/** Several host:port with ; between. */
export function addresses(doc: string): Option<readonly string[]> {
  return option<readonly string[]>([], doc, "host:port, several with ; between", (given) => {
    const parts = given.split(";").map((part) => part.trim()).filter((part) => part !== "");
    return parts.length > 0 && parts.every(isAddress) ? Object.freeze(parts) : undefined;
  });
}

/** Durations such as `1s 5m 2h 1d` with spaces between; the value is in ms. */
export function delays(fallback: string, doc: string): Option<readonly number[]> {
  const list = (given: string): readonly number[] | undefined => {
    const parts = given.split(/\s+/).map(durationMs);
    return parts.every((part) => part !== undefined) ? Object.freeze(parts) : undefined;
  };
  return option<readonly number[]>(
    list(fallback) ?? [],
    doc,
    "durations like 1s 5m 2h 1d with spaces between",
    list,
    "ms",
  );
}

/** Hours of the day such as `04;16`. */
export function hours(fallback: number, doc: string): Option<readonly number[]> {
  const list = (given: string): readonly number[] | undefined => {
    const parts = given.split(";").map((part) => part.trim()).filter((part) => part !== "");
    const each = parts.map((part) => wholeIn(part, 0, 23));
    return each.every((hour) => hour !== undefined) && each.length > 0
      ? Object.freeze(each)
      : undefined;
  };
  return option<readonly number[]>(
    Object.freeze([fallback]),
    doc,
    "hours from 00 to 23, several with ; between",
    list,
  );
}

/** One of a few words, or a log offset in bytes. */
export function wordOrOffset<const W extends string>(
  words: readonly W[],
  fallback: NoInfer<W>,
  doc: string,
): Option<W | number> {
  const wanted = `${words.join(", ")} or a log offset in bytes`;
  return option<W | number>(
    fallback,
    doc,
    wanted,
    (given) => words.find((word) => word === given) ?? wholeIn(given, 0, Number.MAX_SAFE_INTEGER),
    "bytes",
  );
}

function wholeIn(text: string, min: number, max: number): number | undefined {
  if (!/^-?[0-9]{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function isHost(text: string): boolean {
  if (/^[0-9.]+$/.test(text)) {
    const parts = text.split(".");
    return parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && +part <= 255);
  }
  return /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(text);
}

function isAddress(text: string): boolean {
  const colon = text.lastIndexOf(":");
  const port = wholeIn(text.slice(colon + 1), 1, 65_535);
  return colon > 0 && port !== undefined && isHost(text.slice(0, colon));
}
