import type { NodeArgs } from "../args.ts";
import { tableOf } from "../table.ts";
import type { Setting } from "./effective.ts";

/** A file that starts the same node; a value known only when the node runs is a comment. */
export function confText(settings: readonly Setting[], node: NodeArgs): string {
  const lines = settings.map(({ key, text, from }) =>
    from === "process" ? `# ${key}: the name server beside it` : `${key}=${valueText(text)}`
  );
  return [`# pocketmq ${roleFlags(node)}-c FILE`, ...lines].map((line) => `${line}\n`).join("");
}

/** A table of the values and where each comes from. */
export function sourcesText(settings: readonly Setting[]): string {
  const rows = settings.map(({ key, text, source }) => [key, source, text === "" ? "-" : text]);
  return tableOf([["KEY", "SOURCE", "VALUE"], ...rows]);
}

/** One JSON object a line, a value each. */
export function settingsJson(settings: readonly Setting[]): string {
  return settings.map(({ key, value, from, source, changed }) =>
    JSON.stringify({ key, value: value ?? null, from, source, changed }) + "\n"
  ).join("");
}

/** What is told beside the file, with a space behind. */
function roleFlags({ namesrv, master, slave }: NodeArgs): string {
  const flags = Object.entries({ namesrv, master, slave }).filter(([, asked]) => asked);
  return flags.map(([name]) => `--${name} `).join("");
}

/** A value as the right side of a line in Java's .properties form, which is Latin-1. */
function valueText(text: string): string {
  return text.replaceAll("\\", "\\\\")
    .replace(/^ /, "\\ ")
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
