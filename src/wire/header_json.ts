import { WireError } from "../base/errors.ts";
import type { ExtFields } from "./command.ts";
import type { Header } from "./header.ts";
import { languageName } from "./header.ts";

const decoder = new TextDecoder();

/**
 * A header in JSON form. Unknown keys are ignored; ext values that are no text become text, null is no value.
 *
 * @throws {WireError} when it is no JSON object or has no whole number for code or opaque.
 * Source: RemotingCommand, RemotingSerializable.
 */
export function readJsonHeader(bytes: Uint8Array): Header {
  const raw = parseObject(decoder.decode(bytes));
  return {
    code: whole(raw.code, "code"),
    language: languageOf(raw.language),
    version: typeof raw.version === "number" ? raw.version : 0,
    opaque: whole(raw.opaque, "opaque"),
    flag: typeof raw.flag === "number" ? raw.flag : 0,
    remark: typeof raw.remark === "string" ? raw.remark : undefined,
    ext: extOf(raw.extFields),
  };
}

/** The header's text; keys in the order Java writes them, which some readers were built by. */
export function jsonHeader(header: Header, emptyExt = false): string {
  const ext = emptyExt || hasKeys(header.ext) ? `"extFields":${JSON.stringify(header.ext)},` : "";
  const language = header.language === undefined
    ? ""
    : `"language":${JSON.stringify(header.language)},`;
  const remark = header.remark === undefined ? "" : `"remark":${JSON.stringify(header.remark)},`;
  return `{"code":${header.code},${ext}"flag":${header.flag},${language}"opaque":${header.opaque},` +
    `${remark}"serializeTypeCurrentRPC":"JSON","version":${header.version}}`;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WireError(`header ${excerpt(text)}, it must be a JSON object`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new WireError(`header ${excerpt(text)}, it must be a JSON object`);
  }
  return value as Record<string, unknown>;
}

function whole(value: unknown, key: string): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  throw new WireError(`header has ${key} ${shown(value)}, it must be a whole number`);
}

function languageOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? languageName(value) : undefined;
}

function extOf(value: unknown): ExtFields {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new WireError(`header has extFields ${shown(value)}, it must be a JSON object`);
  }
  const ext = value as Record<string, unknown>;
  for (const key in ext) if (typeof ext[key] !== "string") return allText(ext);
  return ext as ExtFields;
}

function allText(ext: Record<string, unknown>): ExtFields {
  for (const key of Object.keys(ext)) {
    const value = ext[key];
    if (value === null) delete ext[key];
    else if (typeof value === "number" || typeof value === "boolean") ext[key] = String(value);
    else if (typeof value !== "string") {
      throw new WireError(`header has ext field ${excerpt(key)} ${shown(value)}, it must be text`);
    }
  }
  return ext as ExtFields;
}

function hasKeys(ext: ExtFields): boolean {
  for (const _ in ext) return true;
  return false;
}

/** A value for a message; what is inside arrays and objects is not looked at, it can be deep. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "[…]";
  if (value !== null && typeof value === "object") return "{…}";
  return excerpt(JSON.stringify(value));
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
