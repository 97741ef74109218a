/** What two runs of the same command print differently for no fault of anybody, each under its name. */

/** One kind of text that becomes a mark. */
export interface Mark {
  replace(text: string): string;
}

/** A mark in the place of all that fits. */
export function mark(name: string, pattern: RegExp): Mark {
  return { replace: (text) => text.replace(pattern, `<${name}>`) };
}

/** Where in mqadmin's own code a failure was; what failed stays. */
export const stack: Mark = {
  replace: (text) =>
    text.split("\n").filter((line) => !/^\s+at |^\s+\.\.\. \d+ more$/.test(line)).join("\n"),
};

/** Why a request was refused, in the words of whoever refused it, and where the client adds that there is a manual. */
export const reason: Mark = {
  replace: (text) =>
    text.replace(/(CODE: \d+ {2}DESC: ).+?(?= BROKER: |$)/gm, "$1<reason>")
      .replace(/^(For more information, please visit|See) .*docs\/faq.*\n?/gm, ""),
};

/** A date with a time of day: 2026-11-23 02:07:06,123; 2026-11-23 02:07:06; 2026-11-23 02:07:06#123. */
export const dates: Mark = mark(
  "date",
  /\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:[,:#.]\d{1,3})?(?!\d)/g,
);

/** ms since 1970, of this year or near. */
export const millis: Mark = mark("ms", /(?<![\dA-Fa-f])1[6-9]\d{11}(?![\dA-Fa-f])/g);

/** A port that a client was given: of a known host, after all known places became marks. */
export const clientPorts: Mark = mark("client", /\b127\.0\.0\.1:\d{4,5}\b/g);

/** The id of a message by its place: 32 digits, of address (4 bytes), port (4 bytes) and log offset, which stays. */
export const offsetIds: Mark = {
  replace: (text) => text.replace(/\b7F0000010000[0-9A-F]{4}([0-9A-F]{16})\b/g, "<broker>$1"),
};

/** Lines in order: a Java client prints a set in the order of its hashes, and equal ones as they came. */
export const sorted: Mark = { replace: (text) => text.split("\n").sort().join("\n") };

/** The cells of a table's rows by their number, the first is 0; cells are parted by spaces, which become one. */
export function cells(names: Readonly<Record<number, string>>): Mark {
  const row = (line: string) =>
    line.trimEnd().split(/ +/).map((cell, i) => names[i] === undefined ? cell : `<${names[i]}>`)
      .join(" ");
  return {
    replace: (text) =>
      text.split("\n").map((line) => /^#|^ *$/.test(line) ? line : row(line)).join("\n"),
  };
}

/** The value of a key, a RegExp's text, in lines `key : value` or `key = value`. */
export function value(key: string): Mark {
  const pattern = new RegExp(`((?:^| )${key} *[:=] *)[^\\n]*`, "gm");
  return { replace: (text) => text.replace(pattern, "$1<value>") };
}

/** The value, a number or a text, of a key in JSON. */
export function jsonValue(key: string): Mark {
  const pattern = new RegExp(`("${key}":)("[^"]*"|-?[\\d.E]+)`, "g");
  return { replace: (text) => text.replace(pattern, "$1<value>") };
}

/** Whether something other than marks, space and punctuation is left. */
export function hasContent(text: string): boolean {
  return /[A-Za-z0-9]/.test(text.replace(/<\w+>/g, ""));
}
