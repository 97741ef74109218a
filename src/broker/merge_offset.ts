/** How far a group is in one queue: here, and at the master the last time it said so and now. */
export interface OffsetViews {
  /** In force here; undefined when there is none. */
  readonly here: number | undefined;
  /** What the master said last; undefined when it never did. */
  readonly before: number | undefined;
  /** What it says now; undefined when it has none. */
  readonly now: number | undefined;
  /** It is still the process that said `before`. */
  readonly sameLife: boolean;
  /** Where our queue ends. */
  readonly end: number;
}

/** What becomes of it. */
export interface MergedOffset {
  readonly here: number | undefined;
  /** Consumers got further here than the master knows: it is to be told. */
  readonly further: boolean;
}

/**
 * The offset of a slave after its master said its own. Consumers go on at the slave while the master is
 * away, so the higher one wins, with these exceptions:
 *
 * - The running master went back from what it said before: an operator reset the group, and that counts. A
 *   master that was started again went back, too, when the last commits did not reach its disk: that does
 *   not, so a reset between such a start and the first look after it is not seen here.
 * - The running master has none any more: it was deleted there. One that was started again lost it.
 * - Nothing counts beyond our queue's end: the messages it points at are not here.
 */
export function mergeOffset({ here, before, now, sameLife, end }: OffsetViews): MergedOffset {
  if (now === undefined) {
    const isDeleted = sameLife && before !== undefined;
    return { here: isDeleted ? undefined : here, further: !isDeleted && here !== undefined };
  }
  const reached = Math.min(now, end);
  if (sameLife && before !== undefined && now < before) return { here: reached, further: false };
  if (here === undefined) {
    return { here: reached === 0 && now > 0 ? undefined : reached, further: false };
  }
  return { here: Math.max(here, reached), further: here > now };
}
