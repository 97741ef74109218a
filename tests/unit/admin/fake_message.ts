import { utf8 } from "../../../src/base/bytes.ts";
import { hostBytes } from "../../../src/wire/host_address.ts";
import { putRecord, recordSizeMax } from "../../../src/wire/message.ts";
import { formatProperties } from "../../../src/wire/properties.ts";
import { runtime } from "../../support/runtime.ts";

/** What a test says of a stored message. */
export interface Told {
  readonly topic?: string;
  readonly body?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly queueOffset?: number;
  readonly storeTimestamp?: number;
}

/** A message's bytes as a broker at 10.0.0.1:10911 stored them, from 10.0.0.9:5000. */
export function fakeRecord(told: Told = {}): Uint8Array<ArrayBuffer> {
  const { queueOffset = 2, storeTimestamp = 5 } = told;
  const [topic, body] = [utf8(told.topic ?? "T"), utf8(told.body ?? "hello")];
  const properties = formatProperties(Object.entries(told.properties ?? {}));
  const into = new Uint8Array(recordSizeMax(topic.length, body.length, properties));
  const size = putRecord(into, new DataView(into.buffer), 0, {
    ...{ queueId: 1, flag: 0, queueOffset, logOffset: 1024 + queueOffset, sysFlag: 0 },
    ...{ topic, body, properties, bornTimestamp: 4, storeTimestamp },
    bornHost: hostBytes({ host: "10.0.0.9", port: 5000 }),
    storeHost: hostBytes({ host: "10.0.0.1", port: 10911 }),
    ...{ reconsumeTimes: 0, preparedOffset: 0 },
    bodyCrc: runtime.codecs.crc32(body) & 0x7fffffff,
  });
  return into.slice(0, size);
}
