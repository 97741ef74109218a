import { FRAME_BYTES_MAX } from "../../wire/frame.ts";
import type { FlagValues } from "../args.ts";
import { UsageError } from "../exit.ts";
import type { CourseOptions } from "./course.ts";
import type { MessageShape } from "./send_template.ts";
import { sizeOf, within } from "./size.ts";

/** Flags that say what is sent. */
export const PRODUCE_FLAGS = {
  size: { kind: "text" },
  connections: { kind: "count" },
  inflight: { kind: "count" },
  seconds: { kind: "count" },
  count: { kind: "count" },
  rate: { kind: "count" },
  queues: { kind: "count" },
  warmup: { kind: "count" },
  batch: { kind: "count" },
  tag: { kind: "text" },
  keys: { kind: "count" },
  properties: { kind: "text" },
} as const;

const SECONDS = 10;
const WARMUP_SECONDS = 2;
/** Room for a header with any properties that fit a message. */
const HEADER_BYTES = 64 * 1024;
/** A message's properties, its id and keys among them, must stay below 32,767 bytes. */
const PROPERTIES_MAX = 16_384;
const ENTRY_BYTES = 128;
const KEY_BYTES = 36;

/** What is sent, how and how long. */
export interface ProducePlan {
  readonly shape: Omit<MessageShape, "topic" | "queues">;
  readonly connections: number;
  readonly inFlight: number;
  /** Messages a second; without it as many as get through. */
  readonly rate: number | undefined;
  readonly course: CourseOptions;
  readonly queues: number | undefined;
}

/** What the flags mean. @throws {UsageError} */
export function planOf(flags: FlagValues<typeof PRODUCE_FLAGS>): ProducePlan {
  const batch = within("batch", flags.batch ?? 1, 1, 10_000);
  const bodyBytes = sizeOf("size", flags.size ?? "1K");
  const keys = within("keys", flags.keys ?? 0, 0, 64);
  const properties = propertiesOf(flags.properties);
  const beside = ENTRY_BYTES + keys * KEY_BYTES + (flags.properties ?? "").length;
  if ((bodyBytes + beside) * batch > FRAME_BYTES_MAX - HEADER_BYTES) {
    const what = batch > 1 ? `--size with --batch ${batch}` : "--size";
    throw new UsageError(`${what} is more than a frame takes, which is 16M`);
  }
  const { count, rate } = flags;
  if (count !== undefined && (count === 0 || count % batch !== 0)) {
    const wanted = batch > 1 ? `a multiple of --batch ${batch}` : "1 or more";
    throw new UsageError(`--count is ${count}, it must be ${wanted}`);
  }
  if (rate === 0) throw new UsageError("--rate is 0, it must be 1 or more");
  const seconds = flags.seconds ?? (count === undefined ? SECONDS : Infinity);
  return {
    shape: { bodyBytes, batch, keys, tag: flags.tag, properties },
    connections: within("connections", flags.connections ?? 4, 1, 1024),
    inFlight: within("inflight", flags.inflight ?? 16, 1, 32_768),
    rate,
    course: {
      warmMs: 1000 * (flags.warmup ?? (count === undefined ? WARMUP_SECONDS : 0)),
      ms: 1000 * (seconds === Infinity ? Infinity : within("seconds", seconds, 1, 86_400)),
      requests: count === undefined ? Infinity : count / batch,
    },
    queues: flags.queues === undefined ? undefined : within("queues", flags.queues, 1, 10_000),
  };
}

/** `a=1,b=2` @throws {UsageError} */
function propertiesOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const properties = text.split(",").map((one) => /^([^=]+)=(.+)$/.exec(one)?.slice(1));
  // deno-lint-ignore no-control-regex -- the two characters that separate properties on the wire
  if (text.length <= PROPERTIES_MAX && !/[\x01\x02]/.test(text) && properties.every(Boolean)) {
    return Object.fromEntries(properties as [string, string][]);
  }
  throw new UsageError(`--properties is "${text}", it must be like color=red,size=3`);
}
