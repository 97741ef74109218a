import { textOf } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import { parseLooseJson } from "./loose_json.ts";

const WHOLE = /^-?\d{1,19}$/;

/** JSON as fastjson writes it. @throws {FieldError} naming `what` when it is neither that nor JSON. */
export function parseJson(text: string, what = "body"): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseLooseJson(text, what); // only such text pays for the second look
  }
}

/**
 * A JSON object of a body, read field by field. Every complaint names the field by its path. Numbers and flags
 * may also come as text, as fastjson takes them: C++ clients send some so.
 */
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

  /** One of some names, given as such or by its place among them; `otherwise` when there is none. @throws {FieldError} */
  choice(name: string, names: readonly string[], otherwise: string): string {
    const value = this.#raw[name] ?? otherwise;
    const found = typeof value === "number" ? names[value] : value;
    if (typeof found === "string" && names.includes(found)) return found;
    throw this.#wrong(name, value, `one of ${names.join(", ")}`);
  }

  /** A whole number within bounds, or `otherwise` when there is none. @throws {FieldError} */
  whole(name: string, otherwise?: number, min = -(2 ** 31), max = 2 ** 31 - 1): number {
    const value = numberOf(this.#raw[name]) ?? otherwise;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
      return value;
    }
    throw this.#wrong(name, value, `a whole number from ${min} to ${max}`);
  }

  /** A 64-bit whole number, clamped to the safe integers. @throws {FieldError} */
  long(name: string, otherwise?: number): number {
    const value = numberOf(this.#raw[name]) ?? otherwise;
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw this.#wrong(name, value, "a whole number");
    }
    return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
  }

  /** A number, or `otherwise` when there is none. @throws {FieldError} */
  real(name: string, otherwise: number): number {
    const value = this.#raw[name] ?? otherwise;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.#wrong(name, value, "a number");
  }

  /** @throws {FieldError} when there is something else than true or false. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.#raw[name] ?? otherwise;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
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
  each(name: string): Iterable<[key: string, value: unknown, path: string]> {
    const value = this.#raw[name] ?? {};
    return JsonBody.of(value, `${this.#path}.${name}`).all();
  }

  /** Each field, whatever its name. */
  *all(): Generator<[key: string, value: unknown, path: string]> {
    for (const [key, item] of Object.entries(this.#raw)) yield [key, item, `${this.#path}.${key}`];
  }

  #wrong(name: string, value: unknown, wanted: string): FieldError {
    return new FieldError(`${this.#path}.${name}`, shown(value), wanted);
  }
}

/** A number read from an item of a list. @throws {FieldError} */
export function int32Item(item: unknown, path: string): number {
  const value = numberOf(item);
  if (typeof value === "number" && (value | 0) === value) return value;
  throw new FieldError(path, shown(item), "a 32-bit whole number");
}

/** A text read from an item of a list or a map. @throws {FieldError} */
export function textItem(item: unknown, path: string): string {
  if (typeof item === "string") return item;
  throw new FieldError(path, shown(item), "text");
}

/** A value for a message. What is inside lists and objects is not looked at: it can be large, and deep. */
export function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return "[…]";
  return typeof value === "object" ? "{…}" : String(value);
}

/** A number that came as text, anything else as it is. */
function numberOf(value: unknown): unknown {
  return typeof value === "string" && WHOLE.test(value) ? Number(value) : value;
}
