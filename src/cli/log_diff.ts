import { diffLogs, type Holder, type LogDiff, type LogRange } from "../store/inspect/diff.ts";
import { StoredStore, type StorePlace } from "../store/inspect/stored.ts";
import type { Context } from "./command.ts";
import { Exit } from "./exit.ts";
import { recordJson, recordText } from "./log_record.ts";
import { Progress } from "./progress.ts";
import { tableOf } from "./table.ts";

/** `pocketmq log diff` */
export function diff(
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
  places: { readonly a: StorePlace; readonly b: StorePlace },
  { json }: { readonly json: boolean },
): number {
  using a = new StoredStore(places.a);
  using b = new StoredStore(places.b);
  let progress: Progress | undefined;
  let found: LogDiff;
  try {
    found = diffLogs(a.log, b.log, runtime.codecs, (done, total) => {
      progress ??= new Progress(terminal, total);
      progress.at(done);
    });
  } finally {
    progress?.end();
  }
  const sides = { a: sideOf(a), b: sideOf(b) };
  terminal.stdout(json ? diffJson(sides, found) : diffText(sides, found));
  return isEqual(found) ? Exit.OK : Exit.FAILED;
}

/** What a log is known by. */
interface Side {
  readonly path: string;
  readonly fileBytes: number;
}

interface Sides {
  readonly a: Side;
  readonly b: Side;
}

function sideOf({ place: { root, logDirs }, log: { fileBytes } }: StoredStore): Side {
  return { path: (root ?? logDirs[0]).path, fileBytes };
}

/** Equal where both are, and with the same end; older files may have been deleted on one side. */
function isEqual({ a, b, common, different }: LogDiff): boolean {
  return different === undefined && a.end === b.end && (common.min < common.end || a.min === b.min);
}

function diffJson(sides: Sides, found: LogDiff): string {
  const { a, b, common, different } = found;
  return JSON.stringify({
    equal: isEqual(found),
    a: { ...sides.a, ...a },
    b: { ...sides.b, ...b },
    common,
    different: different && {
      logOffset: different.logOffset,
      a: holderJson(different.a),
      b: holderJson(different.b),
    },
  }) + "\n";
}

function holderJson({ kind, at, size, message, reason }: Holder): Record<string, unknown> {
  const record = message && JSON.parse(recordJson(message, undefined));
  return { kind, at, size, reason, record };
}

function diffText(logs: Sides, found: LogDiff): string {
  const { a, b, common, different } = found;
  const sides = tableOf([
    ["A", logs.a.path, `${a.min} to ${a.end}`, `files of ${logs.a.fileBytes} bytes`],
    ["B", logs.b.path, `${b.min} to ${b.end}`, `files of ${logs.b.fileBytes} bytes`],
  ]);
  return sides + verdictText(common, different) + lengthText(a, b);
}

function verdictText(common: LogRange, different: LogDiff["different"]): string {
  if (different) {
    const { logOffset } = different;
    return `The first different byte is at ${logOffset}\n` +
      `A  ${holderText(different.a)}B  ${holderText(different.b)}`;
  }
  if (common.min >= common.end) return "They have no byte in common\n";
  return `Equal from ${common.min} to ${common.end}\n`;
}

function holderText({ kind, at, size, message, reason }: Holder): string {
  if (message) return recordText(message, undefined);
  if (kind === "blank") return `filler of ${size} bytes at ${at}\n`;
  return `no whole record at ${at}: ${reason ?? "nothing is there"}\n`;
}

function lengthText(a: LogRange, b: LogRange): string {
  if (a.end === b.end) return "";
  return a.end > b.end
    ? `A goes on for ${a.end - b.end} bytes behind the end of B\n`
    : `B goes on for ${b.end - a.end} bytes behind the end of A\n`;
}
