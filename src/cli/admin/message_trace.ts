import type { Lines } from "../../admin/lines.ts";
import { messageById, messagesByKey } from "../../admin/messages.ts";
import { positionIn, queuesOf } from "../../admin/offsets.ts";
import { messageTrace, type TraceStep } from "../../admin/trace.ts";
import { type MessageTrack, messageTracks, type TrackKind } from "../../admin/tracks.ts";
import { AnswerError } from "../../client/errors.ts";
import type { Message } from "../../client/incoming.ts";
import type { Codecs } from "../../ports/host.ts";
import { ResponseCode } from "../../wire/codes.ts";
import { CLUSTER_FLAGS } from "../cluster.ts";
import { Exit } from "../exit.ts";
import { tableOf } from "../table.ts";
import { verb } from "../verb.ts";
import { jsonLine, reaching } from "./reach.ts";

/** `pocketmq message trace` */
export const trace = verb({
  flags: {
    ...CLUSTER_FLAGS,
    topic: { kind: "text", names: "topic" },
    traceTopic: { kind: "text", names: "topic" },
  },
  words: [{ what: "an id" }],
  run: (context, { flags, words: [id] }) =>
    reaching(context, flags, async (lines) => {
      const { codecs } = context.runtime;
      const message = await found(lines, id, flags.topic, codecs);
      const query = { messageId: message?.messageId || id, topic: flags.traceTopic };
      const steps = await noneIfMissing(messageTrace(lines, query, codecs)) ?? [];
      const tracks = message ? await tracksOf(lines, message) : [];
      if (steps.length === 0) context.terminal.stderr(`pocketmq: ${noTraceText(id, message)}\n`);
      if (steps.length === 0 && message === undefined) return Exit.FAILED;
      context.terminal.stdout(
        flags.json
          ? [...steps, ...tracks].map(jsonLine).join("")
          : [steps.length > 0 ? traceText(steps) : "", message ? tracksText(tracks) : ""]
            .filter((text) => text !== "").join("\n"),
      );
      return Exit.OK;
    }),
});

/** The message itself, when the id or the topic tells where it is. */
async function found(
  lines: Lines,
  id: string,
  topic: string | undefined,
  codecs: Codecs,
): Promise<Message | undefined> {
  if (topic === undefined) return await noneIfMissing(messageById(lines, id, codecs));
  const query = { topic, key: id, maxCount: 1, isUniqueKey: true };
  return (await messagesByKey(lines, query, codecs)).at(0);
}

/** A track, and how far a group is of whom nobody is online. */
export interface Track extends MessageTrack {
  /** Its offset is behind the message. */
  readonly passed?: boolean;
}

async function tracksOf(lines: Lines, message: Message): Promise<Track[]> {
  const tracks = await messageTracks(lines, message);
  const queue = (await queuesOf(lines, message.topic)).find(({ brokerName, queueId }) =>
    brokerName === message.brokerName && queueId === message.queueId
  );
  if (queue === undefined) return tracks;
  return await Promise.all(tracks.map(async (track) => {
    if (track.kind !== "NOT_ONLINE") return track;
    const { position = 0 } = await positionIn(lines, track.group, queue);
    return { ...track, passed: position > message.queueOffset };
  }));
}

async function noneIfMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const none: readonly number[] = [ResponseCode.QUERY_NOT_FOUND, ResponseCode.TOPIC_NOT_EXIST];
    if (error instanceof AnswerError && none.includes(error.code)) return undefined;
    throw error;
  }
}

function noTraceText(id: string, message: Message | undefined): string {
  const none = `no client noted anything of message ${id}: they trace only when they are told to`;
  return message ? none : `${none}; with --topic, brokers tell which groups consumed it`;
}

/** A table of what clients noted, in order of time. */
export function traceText(steps: readonly TraceStep[]): string {
  return tableOf([
    ["TIME", "WHAT", "GROUP", "CLIENT", "TOOK", "RESULT"],
    ...steps.flatMap((step) => {
      // the end of a delivery says all that its begin says
      const isDone = step.kind === "SubBefore" &&
        steps.some((other) => other.kind === "SubAfter" && other.requestId === step.requestId);
      return isDone ? [] : [stepRow(step)];
    }),
  ]);
}

function stepRow(step: TraceStep): string[] {
  const { what, took, result } = stepCells(step);
  const time = step.time > 0 ? new Date(step.time).toISOString() : "-";
  return [time, what, step.group || "-", step.clientHost, took, result];
}

function stepCells(step: TraceStep): { what: string; took: string; result: string } {
  switch (step.kind) {
    case "Pub": {
      const result = step.ok ? `stored at ${step.storeHost}` : "failed";
      return { what: "sent", took: `${step.costMs} ms`, result };
    }
    case "SubBefore":
      return { what: deliveryText(step.retryTimes), took: "-", result: "not done yet" };
    case "SubAfter":
      return { what: "consumed", took: `${step.costMs} ms`, result: step.ok ? "ok" : "failed" };
    case "EndTransaction": {
      const state = step.state.replace("_MESSAGE", "").toLowerCase();
      return { what: "ended", took: "-", result: step.fromCheck ? `${state} when asked` : state };
    }
  }
}

function deliveryText(retryTimes: number): string {
  return retryTimes > 0 ? `delivered, retry ${retryTimes}` : "delivered";
}

const TRACKS: Readonly<Record<TrackKind, string>> = {
  CONSUMED: "consumed it",
  CONSUMED_BUT_FILTERED: "passed it over: its tag is not subscribed to",
  PULL: "pulls by itself: only it knows",
  NOT_CONSUME_YET: "has not come to it yet",
  NOT_ONLINE: "has not come to it, and nobody is online",
  CONSUME_BROADCASTING: "broadcasts: each member knows for itself",
  UNKNOWN: "not known",
};

/** A table of groups, and how far each is with a message by its offsets. */
export function tracksText(tracks: readonly Track[]): string {
  if (tracks.length === 0) return "No group reads its topic.\n";
  return tableOf([
    ["GROUP", "BY ITS OFFSETS"],
    ...tracks.map(({ group, kind, passed, problem }) => {
      const text = passed ? "is past it; nobody is online" : TRACKS[kind];
      return [group, problem === undefined ? text : `${text}: ${problem}`];
    }),
  ]);
}
