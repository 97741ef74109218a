import { RequestCode } from "./codes.ts";
import type { Command, Reply, Request } from "./command.ts";
import { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";
import { formatLooseObject } from "./loose_json.ts";
import { readNumbers } from "./tables.ts";

/** A queue as a consumer group sees it: what 14 asks for and 15 gives an offset. */
export interface OffsetPlace {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
}

/** How far a group is in a queue. */
export interface OffsetPosition extends OffsetPlace {
  readonly queueOffset: number;
}

/** `topic@group` -> queue -> queue offset: body of 43, consumerOffset.json. */
export type OffsetTable = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** @throws {FieldError} Source: QueryConsumerOffsetRequestHeader. */
export function parseOffsetPlace(fields: Fields): OffsetPlace {
  return {
    consumerGroup: fields.text("consumerGroup"),
    topic: fields.text("topic"),
    queueId: fields.int32("queueId"),
  };
}

/** Request 14. */
export function formatOffsetQuery(place: OffsetPlace): Request {
  return { code: RequestCode.QUERY_CONSUMER_OFFSET, ext: placeExt(place) };
}

/** Request 15, mostly sent one-way. */
export function formatOffsetCommit(place: OffsetPlace, queueOffset: number): Request {
  const ext = { ...placeExt(place), commitOffset: String(queueOffset) };
  return { code: RequestCode.UPDATE_CONSUMER_OFFSET, ext };
}

/** Requests about the bounds of a queue, all answered with an offset. */
export type BoundQuery = "first" | "next";

/** Request 31 for a queue's first entry, 30 for the next to be written. */
export function formatBoundQuery(bound: BoundQuery, topic: string, queueId: number): Request {
  const code = bound === "first" ? RequestCode.GET_MIN_OFFSET : RequestCode.GET_MAX_OFFSET;
  return { code, ext: { topic, queueId: String(queueId) } };
}

/** Request 29: the entry of a queue that was stored at, or nearest to, a time in ms. */
export function formatOffsetSearch(topic: string, queueId: number, timestamp: number): Request {
  return {
    code: RequestCode.SEARCH_OFFSET_BY_TIMESTAMP,
    ext: { topic, queueId: String(queueId), timestamp: String(timestamp) },
  };
}

/** Answer to 14, 29, 30 and 31. */
export function formatOffsetAnswer(queueOffset: number): Reply {
  return { code: 0, ext: { offset: String(queueOffset) } };
}

/** The offset in an answer of code 0. @throws {FieldError} */
export function parseOffsetAnswer({ ext }: Command): number {
  return new Fields(ext).int64("offset");
}

/** @throws {FieldError} */
export function parseOffsetTable(body: Uint8Array | string): OffsetTable {
  const table = new Map<string, ReadonlyMap<number, number>>();
  const places = JsonBody.parse(body);
  for (const [place, value, path] of places.each("offsetTable")) {
    table.set(place, readNumbers(JsonBody.of(value, path)));
  }
  return table;
}

/** Topic and group of `topic@group`; undefined when one is missing. No topic has an @ in its name. */
export function splitPlace(place: string): [topic: string, group: string] | undefined {
  const at = place.indexOf("@");
  if (at < 1 || at === place.length - 1) return undefined;
  return [place.slice(0, at), place.slice(at + 1)];
}

/**
 * The JSON of the table. Queue ids stand without quotes, as fastjson writes and some readers want them;
 * `pretty` breaks lines where Java's file does.
 */
export function formatOffsetTable(table: OffsetTable, pretty = false): string {
  const [line, place, end] = pretty ? ["\n\t", "\n\t\t", "\n"] : ["", "", ""];
  const places: string[] = [];
  for (const [name, queues] of table) {
    const offsets = formatLooseObject(queues).slice(0, -1);
    places.push(`${place}${JSON.stringify(name)}:${offsets}${place}}`);
  }
  return `{${line}"offsetTable":{${places.join(",")}${line}}${end}}`;
}

function placeExt({ consumerGroup, topic, queueId }: OffsetPlace): Record<string, string> {
  return { consumerGroup, topic, queueId: String(queueId) };
}
