import { textOf, utf8 } from "../base/bytes.ts";

/**
 * Settings as text: bodies of 25, 26, 318 and 319.
 *
 *     name=value\n name=value\n        nothing is escaped; a value may hold "="
 *
 * Lines without "=", blank ones and comments are passed over. Source: MixAll.properties2String.
 */
export function parseSettings(body: Uint8Array): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of textOf(body).split(/\r?\n/)) {
    const at = line.indexOf("=");
    if (at > 0 && !/^\s*[#!]/.test(line)) {
      settings.set(line.slice(0, at).trim(), line.slice(at + 1));
    }
  }
  return settings;
}

/** The text of settings, in the order they come. */
export function formatSettings(settings: Iterable<readonly [string, string]>): Uint8Array {
  let text = "";
  for (const [name, value] of settings) text += `${name}=${value}\n`;
  return utf8(text);
}
