import { textOf, utf8 } from "../base/bytes.ts";

/**
 * What clients note of messages, as the body of messages of their own. Source: TraceDataEncoder.
 *
 *     Pub            time region group topic msgId tags keys storeHost bodyLength cost msgType [offsetMsgId] success
 *     SubBefore      time region group requestId msgId retryTimes keys
 *     SubAfter       requestId msgId cost success keys [contextCode [time group]]
 *     EndTransaction time region group topic msgId tags keys storeHost msgType transactionId state fromCheck
 *
 * 0x01 stands between fields and 0x02 behind each note; [] came later than the rest. What is not known is the
 * text "null" or missing.
 */
const FIELD = "\x01";
const NOTE = "\x02";

/** Topic of traces unless a client was told another. Source: TopicValidator.RMQ_SYS_TRACE_TOPIC. */
export const TRACE_TOPIC = "RMQ_SYS_TRACE_TOPIC";

/** What was sent, by number in the text. Source: MessageType. */
const MESSAGE_TYPES = ["Normal_Msg", "Trans_Msg_Half", "Trans_msg_Commit", "Delay_Msg"] as const;

/** A message was sent. */
export interface SentNote {
  readonly kind: "Pub";
  readonly messageId: string;
  /** ms since 1970 by the client's clock. */
  readonly time: number;
  readonly region: string;
  readonly group: string;
  readonly topic: string;
  readonly tags: string;
  readonly keys: string;
  /** Broker it was sent to. */
  readonly storeHost: string;
  readonly bodyBytes: number;
  readonly costMs: number;
  /** One of Java's names, as Normal_Msg. */
  readonly messageType: string;
  readonly offsetMessageId: string;
  readonly ok: boolean;
}

/** A consumer began with a message. */
export interface ConsumingNote {
  readonly kind: "SubBefore";
  readonly messageId: string;
  readonly time: number;
  readonly region: string;
  readonly group: string;
  /** Names this delivery. */
  readonly requestId: string;
  readonly retryTimes: number;
  readonly keys: string;
}

/** A consumer is done with a message. */
export interface ConsumedNote {
  readonly kind: "SubAfter";
  readonly messageId: string;
  readonly requestId: string;
  readonly costMs: number;
  readonly ok: boolean;
  readonly keys: string;
  /** 0 success, 1 time-out, 2 exception, 3 null returned, 4 failed; -1 when it was not told. */
  readonly contextCode: number;
  /** 0 when it was not told. */
  readonly time: number;
  /** Empty when it was not told; the SubBefore of the same request has it. */
  readonly group: string;
}

/** A transaction was ended. */
export interface EndedNote {
  readonly kind: "EndTransaction";
  readonly messageId: string;
  readonly time: number;
  readonly region: string;
  readonly group: string;
  readonly topic: string;
  readonly tags: string;
  readonly keys: string;
  readonly storeHost: string;
  readonly messageType: string;
  readonly transactionId: string;
  /** COMMIT_MESSAGE, ROLLBACK_MESSAGE or UNKNOW. */
  readonly state: string;
  /** The broker had asked for it. */
  readonly fromCheck: boolean;
}

/** A line of a trace. */
export type TraceNote = SentNote | ConsumingNote | ConsumedNote | EndedNote;

/** The notes in a trace message's body. Applications write such bodies: what is no note is passed over. */
export function parseTrace(body: Uint8Array): TraceNote[] {
  return textOf(body).split(NOTE).flatMap((text) => readNote(text.split(FIELD)) ?? []);
}

/** The body of a trace message. */
export function formatTrace(notes: readonly TraceNote[]): Uint8Array {
  return utf8(notes.map((note) => fieldsOf(note).join(FIELD) + NOTE).join(""));
}

function readNote(fields: readonly string[]): TraceNote | undefined {
  const text = (at: number): string => {
    const field = fields[at] ?? "";
    return field === "null" ? "" : field;
  };
  const number = (at: number, otherwise = 0): number => {
    const value = Number(text(at) || NaN);
    return Number.isFinite(value) ? value : otherwise;
  };
  const flag = (at: number): boolean => fields[at] === "true";
  switch (fields[0]) {
    case "Pub":
      if (fields.length < 13) return undefined;
      return {
        kind: "Pub",
        ...sentOf(text, number),
        bodyBytes: number(9),
        costMs: number(10),
        messageType: MESSAGE_TYPES[number(11)] ?? text(11),
        offsetMessageId: fields.length > 13 ? text(12) : "",
        ok: flag(fields.length > 13 ? 13 : 12),
      };
    case "SubBefore":
      if (fields.length < 8) return undefined;
      return {
        ...{ kind: "SubBefore", time: number(1), region: text(2), group: text(3) },
        ...{ requestId: text(4), messageId: text(5), retryTimes: number(6), keys: text(7) },
      };
    case "SubAfter":
      if (fields.length < 6) return undefined;
      return {
        ...{ kind: "SubAfter", requestId: text(1), messageId: text(2), costMs: number(3) },
        ...{ ok: flag(4), keys: text(5), contextCode: number(6, -1) },
        ...{ time: number(7), group: text(8) },
      };
    case "EndTransaction":
      if (fields.length < 13) return undefined;
      return {
        kind: "EndTransaction",
        ...sentOf(text, number),
        messageType: MESSAGE_TYPES[number(9)] ?? text(9),
        transactionId: text(10),
        state: text(11),
        fromCheck: flag(12),
      };
  }
  return undefined;
}

type Common = "messageId" | "time" | "region" | "group" | "topic" | "tags" | "keys" | "storeHost";

function sentOf(
  text: (at: number) => string,
  number: (at: number) => number,
): Pick<SentNote, Common> {
  return {
    ...{ time: number(1), region: text(2), group: text(3), topic: text(4), messageId: text(5) },
    ...{ tags: text(6), keys: text(7), storeHost: text(8) },
  };
}

function fieldsOf(note: TraceNote): readonly (string | number | boolean)[] {
  const orNull = (text: string) => text || "null";
  const head = ({ kind, time, region, group }: Pick<SentNote, "time" | "region" | "group"> & {
    readonly kind: string;
  }) => [kind, time, orNull(region), group];
  const typeOf = ({ messageType }: { readonly messageType: string }) =>
    MESSAGE_TYPES.findIndex((name) => name === messageType);
  const { messageId: id } = note;
  switch (note.kind) {
    case "Pub": {
      const { topic, tags, keys, storeHost, bodyBytes, costMs, offsetMessageId, ok } = note;
      const sent = [topic, id, orNull(tags), orNull(keys), storeHost, bodyBytes, costMs];
      return [...head(note), ...sent, typeOf(note), orNull(offsetMessageId), ok];
    }
    case "SubBefore":
      return [...head(note), note.requestId, id, note.retryTimes, orNull(note.keys)];
    case "SubAfter": {
      const { kind, requestId, costMs, ok, keys, contextCode, time, group } = note;
      const fields = [kind, requestId, id, costMs, ok, orNull(keys)];
      return contextCode < 0 ? fields : [...fields, contextCode, ...group ? [time, group] : []];
    }
    case "EndTransaction": {
      const { topic, tags, keys, storeHost, transactionId, state, fromCheck } = note;
      const of = [topic, id, orNull(tags), orNull(keys), storeHost, typeOf(note)];
      return [...head(note), ...of, transactionId, state, fromCheck];
    }
  }
}
