import { CorruptLogError } from "../base/errors.ts";
import type { Dir } from "../ports/fs.ts";
import { DamageBelow, keepAside, type Part, sayCut } from "./damage.ts";
import { endsInRecord } from "./log_reader.ts";
import type { Recovering, Stored } from "./recover.ts";
import type { Segments } from "./segments.ts";
import { Turn } from "./turn.ts";

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
    segments.load((last, size) => crashed && endsInRecord(last, size, codecs));
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
