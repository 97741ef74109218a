import { FieldError } from "../base/errors.ts";
import type { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";

/** A queue as a consumer group sees it: what 14 asks for and 15 gives an offset. */
export interface OffsetPlace {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
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

/** @throws {FieldError} */
export function parseOffsetTable(body: Uint8Array | string): OffsetTable {
  const table = new Map<string, ReadonlyMap<number, number>>();
  const places = JsonBody.parse(body);
  for (const [place, value, path] of places.each("offsetTable")) {
    table.set(place, readQueues(JsonBody.of({ queues: value }, path)));
  }
  return table;
}

/**
 * The JSON of the table. Queue ids stand without quotes, as fastjson writes and some readers want them;
 * `pretty` breaks lines where Java's file does.
 */
export function formatOffsetTable(table: OffsetTable, pretty = false): string {
  const [line, place, end] = pretty ? ["\n\t", "\n\t\t", "\n"] : ["", "", ""];
  const places: string[] = [];
  for (const [name, queues] of table) {
    const offsets: string[] = [];
    for (const [queueId, queueOffset] of queues) offsets.push(`${queueId}:${queueOffset}`);
    places.push(`${place}${JSON.stringify(name)}:{${offsets.join(",")}${place}}`);
  }
  return `{${line}"offsetTable":{${places.join(",")}${line}}${end}}`;
}

function readQueues(places: JsonBody): Map<number, number> {
  const queues = new Map<number, number>();
  for (const [key, value, path] of places.each("queues")) {
    const queueId = Number(key);
    if ((queueId | 0) !== queueId) throw new FieldError(path, key, "a queue's number");
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new FieldError(path, JSON.stringify(value), "a queue offset");
    }
    queues.set(queueId, value);
  }
  return queues;
}
