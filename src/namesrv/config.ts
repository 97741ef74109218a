import { FieldError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Address } from "../ports/net.ts";

/** Keys that name places on this machine: nobody may set them from outside (CVE-2023-37582). */
const PLACES = /path|home|dir$/i;
const ORDER_MESSAGE_ENABLE = "orderMessageEnable";

/** The settings of a name server that admin tools see, and the one that they can change. */
export class NamesrvConfig {
  /** Routes carry the order settings of their topic. */
  orderMessageEnable = false;
  readonly #listen: Address;
  readonly #kvConfigPath: string | undefined;

  constructor(listen: Address, kvConfigPath: string | undefined) {
    this.#listen = listen;
    this.#kvConfigPath = kvConfigPath;
  }

  /** `key=value` lines. */
  format(): string {
    const values: Record<string, string | number | boolean> = {
      bindAddress: this.#listen.host,
      kvConfigPath: this.#kvConfigPath ?? "",
      listenPort: this.#listen.port,
      [ORDER_MESSAGE_ENABLE]: this.orderMessageEnable,
    };
    return Object.entries(values).map(([key, value]) => `${key}=${value}\n`).join("");
  }

  /**
   * Takes `key=value` lines, all or none. Settings that we have not, or that hold until a restart, are
   * left as they are and said: an admin tool sends the same text to Java's name servers beside ours.
   *
   * @throws {FieldError} when a value cannot be.
   */
  update(text: string, log: Log): void {
    const values = parseLines(text);
    const order = values.get(ORDER_MESSAGE_ENABLE);
    if (order !== undefined && order !== "true" && order !== "false") {
      throw new FieldError(ORDER_MESSAGE_ENABLE, order, "true or false");
    }
    if (order !== undefined) this.orderMessageEnable = order === "true";
    values.delete(ORDER_MESSAGE_ENABLE);
    if (values.size > 0) log.warn("settings without effect here", { keys: [...values.keys()] });
  }
}

/** The first key in such a text that names a place. @throws {FieldError} */
export function placeIn(text: string): string | undefined {
  return [...parseLines(text).keys()].find((key) => PLACES.test(key));
}

/** `key=value`, `key: value` or a comment a line, as in a .properties file. */
function parseLines(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#!].*)?$/.test(line)) continue;
    const match = /^\s*([^\s=:]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match === null) throw new FieldError("body", line, "lines of key=value");
    values.set(match[1], match[2]);
  }
  return values;
}
