import type { Codecs } from "../ports/host.ts";
import { parseTrace, TRACE_TOPIC, type TraceNote } from "../wire/trace.ts";
import type { Lines } from "./lines.ts";
import { messagesByKey } from "./messages.ts";

/** A note that a client made of a message. */
export type TraceStep = TraceNote & {
  /** Address of the client, as the broker saw it, without its port. */
  readonly clientHost: string;
};

/** Brokers give at most so many messages of a key at a time. Source: MessageStoreConfig.maxMsgsNumBatch. */
const NOTES_MAX = 64;

/** Which message's trace, and where it is kept. */
export interface TraceQuery {
  /** The id its producer gave it. */
  readonly messageId: string;
  /** Another topic than clients use unless told otherwise. */
  readonly topic?: string;
}

/**
 * What clients noted of a message, in order of time; empty when none did. They do so when they are told to trace,
 * some time later; the newest 64 trace messages are looked at.
 *
 * @throws {AnswerError} when there is no such topic. @throws {CallError} {FieldError} {WireError}
 */
export async function messageTrace(
  lines: Pick<Lines, "calls" | "servers">,
  { messageId, topic = TRACE_TOPIC }: TraceQuery,
  codecs: Codecs,
): Promise<TraceStep[]> {
  const found = await messagesByKey(lines, { topic, key: messageId, maxCount: NOTES_MAX }, codecs);
  const steps = found.flatMap(({ body, bornHost }) =>
    parseTrace(body)
      .filter((note) => note.messageId === messageId)
      .map((note) => ({ ...note, clientHost: bornHost.replace(/:\d+$/, "") }))
  );
  return withGroups(steps).sort((a, b) => a.time - b.time);
}

/** Clients before 4.7 name the group only where a delivery begins. */
function withGroups(steps: readonly TraceStep[]): TraceStep[] {
  return steps.map((step) => {
    if (step.kind !== "SubAfter" || step.group !== "") return step;
    const begun = steps.find((other) =>
      other.kind === "SubBefore" && other.requestId === step.requestId
    );
    if (begun?.kind !== "SubBefore") return step;
    return { ...step, group: begun.group, time: begun.time + step.costMs };
  });
}
