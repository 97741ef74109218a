import type { Clock } from "../../ports/host.ts";
import type { Answer, Handler, Peer } from "../../rpc/peer.ts";
import type { Store } from "../../store/store.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { type Command, refuse, type Reply } from "../../wire/command.ts";
import type { StoredMessage } from "../../wire/message.ts";
import { Property, property } from "../../wire/properties.ts";
import { type EndTransaction, parseEndTransaction } from "../../wire/transaction.ts";
import type { Levels } from "../delay/levels.ts";
import type { Puts } from "../puts.ts";
import { committedCopy } from "./committed_copy.ts";
import { firstOffset, halfAt } from "./half.ts";
import type { Halves } from "./halves.ts";
import { opOf } from "./op.ts";
import type { Ops } from "./ops.ts";

/** What the end of a transaction needs of its broker. */
export interface EndContext {
  readonly puts: Pick<Puts, "putAll">;
  readonly clock: Clock;
  readonly store: Store;
  readonly halves: Halves;
  readonly ops: Ops;
  readonly levels: Levels;
  readonly isSlave: boolean;
}

/** Handler of 37. Source: EndTransactionProcessor. */
export function endHandler(context: EndContext): Handler {
  return (command: Command, peer: Peer): Answer => {
    const end = parseEndTransaction(command.ext);
    if (context.isSlave) {
      const reason = "Cannot end a transaction: this broker is a slave";
      return refuse(ResponseCode.SLAVE_NOT_AVAILABLE, reason);
    }
    if (end.decision === "unknown") return undefined; // it is asked for again
    if (context.halves.isReady) return endOf(context, end);
    const { form, opaque, flag, code } = command;
    const to = { form, opaque, flag, code };
    context.halves.ready.then(() => endOf(context, end))
      .then((reply) => peer.reply(to, reply), (error) => peer.fail(to, error));
    return undefined;
  };
}

/** Stores what ends the transaction: the message it is about and, behind it, that it is done. */
async function endOf(context: EndContext, end: EndTransaction): Promise<Reply> {
  const { store, puts, halves, ops, clock, levels } = context;
  const half = halfAt(store.log, end.halfLogOffset);
  const problem = problemOf(half, end);
  if (half === undefined || problem !== undefined) return cannot(end, problem!);
  const place = halves.openOf(half);
  if (place === undefined) return cannot(end, "it has ended before");
  const done = opsOf(half, place).map((each) => opOf(each, half, clock.now()));
  const commits = end.decision === "commit";
  const copy = commits ? committedCopy(half, levels) : undefined;
  if (commits && copy === undefined) return cannot(end, "the half message names no topic");
  halves.ending(place);
  const messages = copy === undefined ? done : [copy.message, ...done];
  const { stored, ...reply } = await puts.putAll(messages, copy?.waits ?? false);
  if (stored === undefined) {
    halves.goesOn(place);
    return reply;
  }
  halves.done(place, half);
  opsOf(half, place).forEach((each, i) =>
    ops.stored(stored[messages.length - done.length + i].queueOffset, each)
  );
  return { code: ResponseCode.SUCCESS };
}

/**
 * The places in the half queue that are done. One that was to be left alone for a time may have been copied
 * without a word about its first place: see check_back.ts.
 */
function opsOf(half: StoredMessage, place: number): number[] {
  const first = firstOffset(half);
  const wasImmune = property(half.properties, Property.CHECK_IMMUNITY_TIME_IN_SECONDS);
  return wasImmune === undefined || first === place ? [place] : [place, first];
}

function problemOf(half: StoredMessage | undefined, end: EndTransaction): string | undefined {
  const { producerGroup, halfLogOffset, halfQueueOffset } = end;
  if (half === undefined) return `no half message lies at log offset ${halfLogOffset}`;
  const group = property(half.properties, Property.PGROUP);
  if (group !== producerGroup) return `its producer group is "${group}", not "${producerGroup}"`;
  if (half.queueOffset !== halfQueueOffset) {
    return `the half message at log offset ${halfLogOffset} has queue offset ${half.queueOffset}, not ${halfQueueOffset}`;
  }
}

function cannot({ decision }: EndTransaction, why: string): Reply {
  const verb = decision === "commit" ? "commit" : "roll back";
  return refuse(ResponseCode.SYSTEM_ERROR, `Cannot ${verb} the transaction: ${why}`);
}
