import { CorruptLogError } from "../../base/errors.ts";
import type { Dir } from "../../ports/fs.ts";
import type { Codecs } from "../../ports/host.ts";
import { DamageBelow, keepAside, type Part, sayCut } from "./damage.ts";
import { readCheckpoint, safeTime } from "../checkpoint.ts";
import { endsInRecord, LogReader } from "../log_reader.ts";
import type { Recovering, Stored } from "./recover.ts";
import type { Segment } from "../segment.ts";
import type { FoundFile, Segments } from "../segments.ts";
import { Turn } from "../turn.ts";

/**
 * Takes over the files of the log. Those behind a missing one are damage like any other.
 *
 * @throws {StoreRefusal} when a file has another size, {DamageBelow} when one is missing between others
 */
export async function loadLog(
  { dir, segments, crashed, logDamage }: Pick<Stored, "dir" | "segments" | "crashed" | "logDamage">,
  { clock, codecs, log, beforeChange }: Recovering,
): Promise<void> {
  try {
    segments.load((file, size, files) =>
      crashed && (endsInRecord(file, size, codecs) || isTorn(file, files, dir, codecs))
    );
  } catch (error) {
    const { last } = segments;
    if (!(error instanceof CorruptLogError) || !last) throw error;
    const names = namesFrom(segments, last.end);
    const damage = new DamageBelow(last, last.end, 0, `the next file is ${names[0]}`, dir.path);
    if (logDamage === "refuse") throw damage;
    beforeChange();
    const copy = await keepAside(
      dir,
      last.end,
      openAll(segments.dir, names),
      clock,
      new Turn(clock),
    );
    for (const name of names) segments.dir.remove(name);
    await segments.dir.sync();
    sayCut(log, damage, copy);
  }
}

/** Both runtimes, Java and every operator count files in pieces of this. */
const PAGE_BYTES = 4096;

/**
 * A power cut may come between cutting a file short and giving it its size again, and take what was written
 * before: then it ends anywhere, in zeros. Where the checkpoint vouches for it, it cannot be that; and a log
 * of one file whose size is a round one was written with files of that size.
 */
function isTorn(file: Segment, files: readonly FoundFile[], dir: Dir, codecs: Codecs): boolean {
  if (files.length === 1) return files[0].size % PAGE_BYTES !== 0;
  if (files.every(({ size }) => size === files[0].size)) return false;
  const safe = safeTime(readCheckpoint(dir));
  return !files.some(({ segment }) => {
    if (segment.base <= file.base) return false;
    const reader = new LogReader({ find: () => segment }, codecs, PAGE_BYTES);
    const { record } = reader.scanner;
    return reader.look(segment.base) === "record" && record.storeTimestamp > 0 &&
      record.storeTimestamp <= safe;
  });
}

function namesFrom({ dir }: Segments, logOffset: number): string[] {
  return dir.entries().map(({ name }) => name)
    .filter((name) => /^\d{20}$/.test(name) && Number(name) >= logOffset);
}

function* openAll(dir: Dir, names: readonly string[]): Generator<Part> {
  for (const name of names) {
    using file = dir.open(name, "read");
    yield { name, file, from: 0 };
  }
}
