import { textOf, utf8, viewOf } from "../base/bytes.ts";
import { FieldError } from "../base/errors.ts";
import type { Codecs } from "../ports/host.ts";
import { inflateField } from "./compress.ts";
import { JsonBody } from "./json_body.ts";
import { readDataVersion } from "./tables.ts";
import {
  filterType,
  readTopicTable,
  type TopicConfig,
  type TopicTable,
  topicTableJson,
} from "./topic.ts";

/** A registration of 100,000 topics is a tenth of this. */
const INFLATED_BYTES_MAX = 64 * 1024 * 1024;

/** The plain body of 103, or with `wrapped` false the topics alone. @throws {FieldError} */
export function parsePlainBody(bytes: Uint8Array, wrapped: boolean): TopicTable {
  const body = JsonBody.parse(bytes);
  return readTopicTable(wrapped ? body.object("topicConfigSerializeWrapper") : body);
}

export function formatRegisterBody(table: TopicTable): Uint8Array {
  const topicConfigSerializeWrapper = topicTableJson(table);
  return utf8(JSON.stringify({ filterServerList: [], topicConfigSerializeWrapper }));
}

/**
 * The body of 103 from a broker with compressedRegister, inside a zlib stream:
 *
 *     | n int32 | version JSON: n | topics int32 | per topic: n int32 | text: n | n int32 | filters JSON: n |
 *
 * The text of a topic is `name readQueues writeQueues perm filterType`; 5.x adds a sixth part. Order and
 * topicSysFlag are not in it. Source: RegisterBrokerBody.
 *
 * @throws {FieldError}
 */
export function parseCompressedBody(
  body: Uint8Array,
  codecs: Codecs,
): TopicTable {
  const bytes = inflateField("body", codecs, body, INFLATED_BYTES_MAX);
  const parts = new Parts(bytes);
  const dataVersion = readDataVersion(JsonBody.parse(parts.text()));
  const topics = new Map<string, TopicConfig>();
  for (let count = parts.number(); count > 0; count--) {
    const topic = readTopic(parts.text());
    topics.set(topic.topicName, topic);
  }
  return { dataVersion, topics };
}

function readTopic(text: string): TopicConfig {
  const [topicName, readQueues, writeQueues, perm, type] = text.split(" ");
  const numbers = [readQueues, writeQueues, perm].map(Number);
  if (topicName === "" || type === undefined || numbers.some((n) => !(n >= 0 && n <= 0x7fffffff))) {
    throw new FieldError("body", text, "`name readQueues writeQueues perm filterType`");
  }
  return {
    order: false,
    perm: numbers[2],
    readQueueNums: numbers[0],
    topicFilterType: filterType("body", type),
    topicName,
    topicSysFlag: 0,
    writeQueueNums: numbers[1],
  };
}

/** Numbers and texts one behind the other. */
class Parts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  number(): number {
    if (this.#at + 4 > this.#bytes.length) this.#short(4);
    const value = this.#view.getInt32(this.#at);
    this.#at += 4;
    return value;
  }

  text(): string {
    const length = this.number();
    if (length < 0 || length > this.#bytes.length - this.#at) this.#short(length);
    const text = textOf(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return text;
  }

  #short(wanted: number): never {
    const left = this.#bytes.length - this.#at;
    throw new FieldError("body", `${left} bytes`, `a part of ${wanted} bytes at byte ${this.#at}`);
  }
}
