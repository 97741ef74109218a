import type { Random } from "../seeds.ts";
import type { Change, Survivors } from "./nodes.ts";

/** A disk writes this much at once or not at all. */
const SECTOR_BYTES = 512;

/**
 * What a power cut leaves of changes that no sync made safe: none of them, a first part whose last one is
 * torn, or any of them and any sectors of those. A file's sizes change in order, as a journal keeps them, and
 * what was written behind a change of size that is lost is not seen.
 */
export function anySurvivors(random: Random): Survivors {
  return (changes, size) => {
    if (changes.length === 0) return changes;
    const fate = random.below(4);
    if (fate === 0) return [];
    if (fate === 1) return firstPart(changes, random.below(changes.length + 1), random);
    if (fate === 2) return scattered(changes, size, changes.length, random);
    return scattered(changes, size, random.below(changes.length + 1), random);
  };
}

/** Everything but the last write, of which so many bytes are there. For a test of each place. */
export function tornAt(bytes: number): Survivors {
  return (changes) => {
    const last = changes.findLastIndex((change) => "bytes" in change);
    return changes.map((change, i) =>
      i === last && "bytes" in change
        ? { ...change, bytes: change.bytes.subarray(0, bytes) }
        : change
    );
  };
}

function firstPart(changes: readonly Change[], count: number, random: Random): Change[] {
  const kept = changes.slice(0, count);
  const last = kept.at(-1);
  if (last && "bytes" in last) kept[kept.length - 1] = cutShort(last, random);
  return kept;
}

/** Sizes change up to the change `journalled`; of writes any, anywhere. */
function scattered(
  changes: readonly Change[],
  size: number,
  journalled: number,
  random: Random,
): Change[] {
  const kept: Change[] = [];
  let seen = Infinity; // behind it nothing is seen any more
  for (const [i, change] of changes.entries()) {
    if ("size" in change) {
      if (i < journalled) kept.push({ size: size = change.size });
      else seen = Math.min(seen, size, change.size);
      continue;
    }
    for (const part of partsOf(change, random)) {
      const bytes = part.bytes.subarray(0, Math.max(0, seen - part.at));
      if (bytes.length > 0) kept.push({ at: part.at, bytes });
      size = Math.max(size, part.at + bytes.length);
    }
  }
  return kept;
}

type Write = Extract<Change, { bytes: Uint8Array }>;

function partsOf(write: Write, random: Random): Write[] {
  switch (random.below(5)) {
    case 0:
      return [];
    case 1:
      return [cutShort(write, random)];
    case 2:
      return sectorsOf(write).filter(() => random.below(2) === 0);
    default:
      return [write];
  }
}

function cutShort({ at, bytes }: Write, random: Random): Write {
  return { at, bytes: bytes.subarray(0, random.below(bytes.length + 1)) };
}

function sectorsOf({ at, bytes }: Write): Write[] {
  const sectors: Write[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - (at + from) % SECTOR_BYTES);
    sectors.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}
