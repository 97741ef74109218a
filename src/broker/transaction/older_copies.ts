import { addressText } from "../../wire/host_address.ts";
import type { CommitLog } from "../../store/commit_log.ts";
import type { Turns } from "../../store/turn.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property } from "../../wire/properties.ts";
import { checkTimes, halfAt } from "./half.ts";

/** A half message's place in the queue and in the log. */
export type Place = readonly [queueOffset: number, logOffset: number];

/** Half messages of a queue, and which of them no op message names. */
export interface OlderCopiesContext {
  readonly log: CommitLog;
  /** Gives the same ones each time, oldest first. */
  readonly places: () => Iterable<Place>;
  readonly isOpen: (place: number) => boolean;
}

/** A transaction of which there are copies. */
interface Copied {
  /** Place of the newest copy. */
  newest: number;
  /** That copy says which place is the first. */
  isNamed: boolean;
  hasEnded: boolean;
}

/**
 * Gives the places of open half messages that go on, or have ended, as a newer copy.
 *
 * Java's broker stores a half message again each time it asks about it, and tells only its own cursor that the
 * older one is done: no op message does, and the copy does not name it. Where the cursor was not kept since,
 * because the broker was killed or because a slave has it some seconds late, all of them look open, and each would
 * be asked about and delivered.
 */
export async function olderCopies(context: OlderCopiesContext, turn: Turns): Promise<number[]> {
  const { isOpen } = context;
  const copied = new Map<string, Copied>();
  await each(context, turn, (place, half) => {
    const isNamed = namesFirst(half);
    const key = isNamed || checkTimes(half) > 0 ? keyOf(half) : undefined;
    if (key !== undefined) copied.set(key, { newest: place, isNamed, hasEnded: false });
  });
  if (copied.size === 0) return [];
  await each(context, turn, (place, half) => {
    const one = isOpen(place) ? undefined : copied.get(keyOf(half) ?? "");
    // Before a copy that names its first place an op message may only say that the copy goes on.
    if (one !== undefined && (place === one.newest || !one.isNamed)) one.hasEnded = true;
  });
  const older: number[] = [];
  await each(context, turn, (place, half) => {
    const one = isOpen(place) ? copied.get(keyOf(half) ?? "") : undefined;
    if (one !== undefined && (one.hasEnded || place < one.newest)) older.push(place);
  });
  return older;
}

async function each(
  { log, places }: OlderCopiesContext,
  turn: Turns,
  take: (place: number, half: StoredMessage) => void,
): Promise<void> {
  for (const [place, logOffset] of places()) {
    if (turn.isOver()) await turn.next();
    const half = halfAt(log, logOffset);
    if (half !== undefined) take(place, half);
  }
}

function namesFirst({ properties }: StoredMessage): boolean {
  return property(properties, Property.TRAN_PREPARED_QUEUE_OFFSET) !== undefined;
}

/**
 * What a half message has in common with its copies only: one that its producer sent again was born at another
 * time. Undefined where the producer gave it no id.
 */
function keyOf(
  { properties, bornTimestamp, bornHost, bodyCrc }: StoredMessage,
): string | undefined {
  const id = property(properties, Property.UNIQ_KEY);
  if (id === undefined) return undefined;
  const group = property(properties, Property.PGROUP);
  const queue = property(properties, Property.REAL_QID);
  return [id, group, queue, bornTimestamp, addressText(bornHost), bodyCrc].join(" ");
}
