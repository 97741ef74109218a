import { utf8 } from "../../base/bytes.ts";
import { CorruptLogError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Dir, LogFile } from "../../ports/fs.ts";
import type { Clock } from "../../ports/host.ts";
import { segmentName } from "../segment.ts";
import type { Turn } from "../turn.ts";

/** Below the store's folder: what was cut from a damaged log because its owner said so. */
const DAMAGED = "damaged";
/** Copied at a time. */
const SLICE_BYTES = 256 * 1024;

/** The log is damaged where no crash can have torn it: whole records follow, which a cut would take away. */
export class DamageBelow extends CorruptLogError {
  override name = "DamageBelow";
  /** The first byte of the log that cannot be read. */
  readonly logOffset: number;
  /** Nothing before it was stored later than this. */
  readonly time: number;

  /** `root` is the folder of the store, to be named in the advice. */
  constructor(
    file: { readonly path: string; readonly base: number },
    logOffset: number,
    time: number,
    reason: string,
    root: string,
  ) {
    const advice =
      `Nothing was changed; "pocketmq log verify ${root}" lists the damage, and a start with ` +
      `--logDamage cut goes on without the log from there on, a copy of which it leaves in ${root}/${DAMAGED}`;
    const why = `${reason}, and later records follow, so this is no torn end. ${advice}`;
    super(file.path, logOffset - file.base, why);
    this.logOffset = logOffset;
    this.time = time;
  }
}

/** A file to be kept aside, from one of its bytes on. */
export interface Part {
  readonly name: string;
  readonly file: LogFile;
  /** Bytes into the file. */
  readonly from: number;
}

/**
 * Copies parts of log files into a new folder below `damaged`, each named by the log offset of its first
 * byte. Gives the folder's path once no power cut takes any of it.
 */
export async function keepAside(
  root: Dir,
  logOffset: number,
  parts: Iterable<Part>,
  clock: Clock,
  turn: Turn,
): Promise<string> {
  const when = new Date(clock.now()).toISOString();
  const folder = root.child(`${DAMAGED}/${segmentName(logOffset)}-${when.replace(/\D/g, "")}`);
  folder.make();
  for (const part of parts) {
    using copy = folder.open(segmentName(Number(part.name) + part.from), "create");
    await copyTo(copy, part, turn);
    await copy.sync();
  }
  using note = folder.open("range.json", "create");
  note.writeAt(0, utf8(JSON.stringify({ from: logOffset, when }) + "\n"));
  await note.sync();
  await folder.sync();
  await root.child(DAMAGED).sync();
  await root.sync();
  return folder.path;
}

/** One line a cut, and where what it took is now. */
export function sayCut(log: Log, { logOffset, message }: DamageBelow, copy: string): void {
  log.error("log cut at damage, as logDamage = cut says", { logOffset, damage: message, copy });
}

/** Zeros take no disk space. */
async function copyTo(copy: LogFile, { file, from }: Part, turn: Turn): Promise<void> {
  const size = file.size();
  const bytes = new Uint8Array(SLICE_BYTES);
  copy.truncate(size - from);
  for (let at = from; at < size;) {
    const length = file.readAt(at, bytes);
    if (length === 0) return;
    const slice = bytes.subarray(0, length);
    if (slice.some((byte) => byte !== 0)) copy.writeAt(at - from, slice);
    at += length;
    if (turn.isOver()) await turn.next();
  }
}
