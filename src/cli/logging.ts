import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import type { Facts, Log } from "../base/log.ts";

/** How log lines look. */
export const LOG_FORMATS = ["text", "json"] as const;
/** One of them. */
export type LogFormat = typeof LOG_FORMATS[number];

/**
 * The log of this process: one line a message, written at once, so that the last line before an end is not
 * lost. Lines are rare; nothing is logged for a single message.
 */
export function openLog(
  write: (line: string) => void,
  format: LogFormat,
  lowestLevel: "info" | "warning" = "info",
): Log {
  const line = format === "json" ? jsonLine : textLine;
  configureSync({
    reset: true, // tests open several
    sinks: { lines: (record) => write(line(record)) },
    loggers: [
      { category: "pocketmq", sinks: ["lines"], lowestLevel },
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error" },
    ],
  });
  return logOf(getLogger("pocketmq"));
}

function logOf(logger: Logger): Log {
  const put = (level: "debug" | "info" | "warning" | "error") => {
    // A message is plain text; braces in it are no places to fill in.
    return (message: string, facts: Facts = {}) =>
      logger[level](message.replaceAll("{", "{{").replaceAll("}", "}}"), { ...facts });
  };
  return {
    debug: put("debug"),
    info: put("info"),
    warn: put("warning"),
    error: put("error"),
    child: (name) => logOf(logger.getChild(name)),
  };
}

const LEVELS: Readonly<Record<string, string>> = { warning: "warn", fatal: "error" };

function partsOf({ timestamp, level, category, message }: LogRecord) {
  return {
    time: new Date(timestamp).toISOString(),
    level: LEVELS[level] ?? level,
    part: category.slice(1).join("."),
    message: message.join("").replaceAll("\n", " "),
  };
}

/** `2026-01-31T12:00:00.000Z info  ha.master: slave left reason="no report" remote=10.0.0.7:50112` */
export function textLine(record: LogRecord): string {
  const { time, level, part, message } = partsOf(record);
  const facts = Object.entries(record.properties).map(([name, value]) =>
    ` ${name}=${plain(value)}`
  );
  return `${time} ${level.padEnd(5)} ${part && `${part}: `}${message}${facts.join("")}\n`;
}

/** One JSON object; the facts stand beside time, level, part and message. */
export function jsonLine(record: LogRecord): string {
  const parts = partsOf(record);
  return JSON.stringify({ ...parts, ...record.properties, ...parts }) + "\n";
}

function plain(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  return typeof value === "string" && /^$|[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
