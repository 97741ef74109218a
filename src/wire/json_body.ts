import { textOf } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";

/** A string, or a bare whole number where a key stands: fastjson writes number keys without quotes. */
const STRING_OR_BARE_KEY = /"(?:[^"\\]|\\.)*"|([{,]\s*)(-?\d+)(\s*:)/gs;

/**
 * JSON as fastjson writes it: keys that are whole numbers may stand without quotes.
 * @throws {FieldError} naming `what` when it is no JSON.
 */
export function parseJson(text: string, what = "body"): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Only such text pays for the second look.
  }
  try {
    return JSON.parse(
      text.replace(
        STRING_OR_BARE_KEY,
        (all, before, key, after) => key === undefined ? all : `${before}"${key}"${after}`,
      ),
    );
  } catch {
    throw new FieldError(what, text, "JSON");
  }
}

/** A JSON object of a body, read field by field. Every complaint names the field by its path. */
export class JsonBody {
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #path: string;

  private constructor(raw: Readonly<Record<string, unknown>>, path: string) {
    this.#raw = raw;
    this.#path = path;
  }

  /** @throws {FieldError} when the bytes are no JSON object. */
  static parse(body: Uint8Array | string): JsonBody {
    const text = typeof body === "string" ? body : textOf(body);
    if (text === "") throw new FieldError("body", undefined, "a JSON object");
    return JsonBody.of(parseJson(text), "body");
  }

  /** @throws {FieldError} when the value is no JSON object. */
  static of(value: unknown, path: string): JsonBody {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return new JsonBody(value as Record<string, unknown>, path);
    }
    throw new FieldError(path, shown(value), "a JSON object");
  }

  /** Text that is not empty. @throws {FieldError} */
  text(name: string): string {
    const value = this.#raw[name];
    if (typeof value === "string" && value !== "") return value;
    throw this.#wrong(name, value, "text");
  }

  /** Text, or `otherwise` when there is none. @throws {FieldError} when it is something else. */
  textOr<T>(name: string, otherwise: T): string | T {
    const value = this.#raw[name];
    if (typeof value === "string") return value;
    if (value === undefined || value === null) return otherwise;
    throw this.#wrong(name, value, "text");
  }

  /** A whole number within bounds, or `otherwise` when there is none. @throws {FieldError} */
  whole(name: string, otherwise?: number, min = -(2 ** 31), max = 2 ** 31 - 1): number {
    const value = this.#raw[name] ?? otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw this.#wrong(name, value, `a whole number from ${min} to ${max}`);
  }

  /** A 64-bit whole number, clamped to the safe integers. @throws {FieldError} */
  long(name: string, otherwise?: number): number {
    const value = this.#raw[name] ?? otherwise;
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw this.#wrong(name, value, "a whole number");
    }
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  /** @throws {FieldError} when there is something else than true or false. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.#raw[name] ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, value, "true or false");
  }

  /** A list, empty when there is none, each item through `read`. @throws {FieldError} */
  list<T>(name: string, read: (item: unknown, path: string) => T): T[] {
    const value = this.#raw[name] ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, value, "a list");
    return value.map((item, index) => read(item, `${this.#path}.${name}[${index}]`));
  }

  /** The object of that name. @throws {FieldError} */
  object(name: string): JsonBody {
    return JsonBody.of(this.#raw[name], `${this.#path}.${name}`);
  }

  /** Each field of the object of that name, none when there is no such object. @throws {FieldError} */
  *each(name: string): Generator<[key: string, value: unknown, path: string]> {
    const value = this.#raw[name] ?? {};
    if (typeof value !== "object" || Array.isArray(value)) {
      throw this.#wrong(name, value, "a JSON object");
    }
    for (const [key, item] of Object.entries(value)) {
      yield [key, item, `${this.#path}.${name}.${key}`];
    }
  }

  #wrong(name: string, value: unknown, wanted: string): FieldError {
    return new FieldError(`${this.#path}.${name}`, shown(value), wanted);
  }
}

/** A number read from an item of a list. @throws {FieldError} */
export function int32Item(item: unknown, path: string): number {
  if (typeof item === "number" && (item | 0) === item) return item;
  throw new FieldError(path, shown(item), "a 32-bit whole number");
}

function shown(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}
