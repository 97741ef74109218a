import { Outbox } from "../../src/base/bytes.ts";
import type { Address, Net } from "../../src/ports/net.ts";
import { decodeCommand, putRequest } from "../../src/wire/codec.ts";
import { ResponseCode } from "../../src/wire/codes.ts";
import { FrameReader } from "../../src/wire/frame.ts";
import { pullRequest } from "../support/pull_request.ts";

/** What one run of pulls did. */
export interface PullResult {
  readonly messages: number;
  readonly perSecond: number;
  readonly bytesPerSecond: number;
}

/** Reads each queue of a topic from its start to its end, 32 messages a pull, one connection a queue. */
export async function pullLoad(
  net: Net,
  { address, topic, queues, seconds, sql }: {
    address: Address;
    topic: string;
    queues: number;
    seconds: number;
    /** Only what this expression wants travels; all that was looked at counts. */
    sql?: string;
  },
): Promise<PullResult> {
  const from = performance.now();
  const until = from + seconds * 1000;
  let messages = 0;
  let bytes = 0;
  await Promise.all(
    Array.from({ length: queues }, async (_, queueId) => {
      using conn = await net.dial(address, { timeoutMs: 3000 });
      const writer = conn.writable.getWriter();
      const reader = conn.readable.getReader();
      const out = new Outbox();
      for (let offset = 0, opaque = 1; performance.now() < until; opaque++) {
        putRequest(out, "json", opaque, pullRequest(topic, queueId, offset, sql), false);
        await writer.write(out.take());
        const answer = decodeCommand(await nextFrame(reader));
        if (answer.code === ResponseCode.PULL_NOT_FOUND) break;
        const isRead = answer.code === ResponseCode.SUCCESS ||
          answer.code === ResponseCode.PULL_RETRY_IMMEDIATELY;
        if (!isRead) {
          throw new Error(`pull was answered ${answer.code}: ${answer.remark}`);
        }
        const next = Number(answer.ext.nextBeginOffset);
        messages += next - offset;
        bytes += answer.body.length;
        offset = next;
      }
    }),
  );
  const seconds_ = (performance.now() - from) / 1000;
  return { messages, perSecond: messages / seconds_, bytesPerSecond: bytes / seconds_ };
}

/** The only frame under way on a connection. */
async function nextFrame(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const frames = new FrameReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the broker closed the connection of a pull");
    frames.push(value);
    const [frame] = frames.take();
    if (frame) return frame;
  }
}
