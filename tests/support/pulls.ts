import { assertEquals } from "@std/assert";
import type { Command } from "../../src/wire/command.ts";
import { decodeRecords } from "../../src/wire/message.ts";
import { type BrokerRig, brokerRig, type RigOptions, send } from "./broker_rig.ts";

/** Bits of a pull's sysFlag: commit the offset, wait, filter by the expression it brings. */
export const COMMIT = 1;
export const PARK = 2;
export const OWN = 4;

/** A broker with these messages in queue 0 of T, each with the tag behind its colon. */
export async function withMessages(
  texts: readonly string[],
  options: RigOptions = {},
): Promise<BrokerRig> {
  const rig = await brokerRig(options);
  await put(rig, ...texts);
  return rig;
}

/** Stores these messages. */
export async function put(rig: BrokerRig, ...texts: string[]): Promise<void> {
  const sends = texts.map((text) => {
    const [body, tag] = text.split(":");
    return send({ properties: tag ? `TAGS\x01${tag}` : "" }, body);
  });
  const answers = sends.length === 0 ? [] : await rig.client().askAll(...sends);
  for (const { code } of answers) assertEquals(code, 0);
}

/** The bodies in an answer. */
export function textsIn({ body }: Command): string[] {
  return decodeRecords(body).map((record) => new TextDecoder().decode(record.body));
}

/** The four numbers every answer has: where to go on, the queue's ends, whom to ask. */
export function progress({ ext }: Command): number[] {
  assertEquals(Object.keys(ext).sort(), [
    "maxOffset",
    "minOffset",
    "nextBeginOffset",
    "suggestWhichBrokerId",
  ]);
  const { nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId } = ext;
  return [nextBeginOffset, minOffset, maxOffset, suggestWhichBrokerId].map(Number);
}
