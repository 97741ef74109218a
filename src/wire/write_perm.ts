import { RequestCode } from "./codes.ts";
import type { Request } from "./command.ts";
import type { Fields } from "./fields.ts";

/** Whether clients may write to a broker's queues, as a name server's routes say until it registers anew. */
export type WritePerm = "wipe" | "add";

/** Request 205 or 327. */
export function formatWritePerm(what: WritePerm, brokerName: string): Request {
  const code = what === "wipe"
    ? RequestCode.WIPE_WRITE_PERM_OF_BROKER
    : RequestCode.ADD_WRITE_PERM_OF_BROKER;
  return { code, ext: { brokerName } };
}

/** Extra fields of the answer: how many topics were changed. */
export function formatPermCount(what: WritePerm, count: number): Record<string, string> {
  return { [`${what}TopicCount`]: String(count) };
}

/** @throws {FieldError} */
export function parsePermCount(what: WritePerm, fields: Fields): number {
  return fields.int32(`${what}TopicCount`);
}
