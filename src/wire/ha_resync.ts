import { utf8 } from "../base/bytes.ts";
import type { Command, ExtFields, Reply, Request } from "./command.ts";
import { RequestCode, ResponseCode } from "./codes.ts";
import { Fields } from "./fields.ts";
import { JsonBody } from "./json_body.ts";

/**
 * Request 29071: a slave whose log differs from its master's keeps a copy of what differs, cuts its log there
 * and follows again.
 *
 *     request   no field: begins it, or tells of the one under way
 *               progress=true: begins nothing, tells of the one under way or of the last one
 *     answer    code 0 and a body, `ResyncReport` as JSON, after a second at most; who gets RUNNING asks
 *               again with progress=true until it is DONE
 *               code 1 and a remark: it was not done. With the extra field refused=true it would not be safe
 *               or not be right, and the remark says what to do instead; without, something failed, and the
 *               same request again goes on with it. The log is then as it was.
 */
export interface ResyncReport {
  readonly state: "RUNNING" | "DONE";
  readonly step: ResyncStep;
  /** Where the first record lies that differs: the log is cut there; -1 while that is not known. */
  readonly cutAt: number;
  /** Where the log ended before. */
  readonly end: number;
  /** Bytes of the tail that are copied, and bytes that it has. */
  readonly copied: number;
  readonly total: number;
  /** The folder of the copy; empty while there is none. */
  readonly folder: string;
}

/** What a resync does at the time. */
export type ResyncStep = "COMPARING" | "COPYING" | "CUTTING" | "FOLLOWING";

const STATES = ["RUNNING", "DONE"] as const;
const STEPS = ["COMPARING", "COPYING", "CUTTING", "FOLLOWING"] as const;

/** The request. */
export function formatResync(progress: boolean): Request {
  return { code: RequestCode.HA_RESYNC, ext: progress ? { progress: "true" } : {} };
}

/** True when nothing is to be begun. */
export function parseResync(ext: ExtFields): boolean {
  return new Fields(ext).flag("progress");
}

/** The answer when it is under way or done. */
export function formatResyncReport(report: ResyncReport): Reply {
  return { code: ResponseCode.SUCCESS, body: utf8(JSON.stringify(report)) };
}

/** The answer when it is not done. */
export function formatResyncRefusal(reason: string, isRefused: boolean): Reply {
  return {
    code: ResponseCode.SYSTEM_ERROR,
    remark: `Cannot resync: ${reason}`,
    ...(isRefused ? { ext: { refused: "true" } } : {}),
  };
}

/** True when the answer says that a resync would not be safe, or not be right. */
export function isResyncRefused({ code, ext }: Pick<Command, "code" | "ext">): boolean {
  return code !== ResponseCode.SUCCESS && new Fields(ext).flag("refused");
}

/** @throws {FieldError} */
export function parseResyncReport(body: Uint8Array): ResyncReport {
  const json = JsonBody.parse(body);
  return {
    state: json.choice("state", STATES, "RUNNING") as ResyncReport["state"],
    step: json.choice("step", STEPS, "COMPARING") as ResyncStep,
    cutAt: json.long("cutAt", -1),
    end: json.long("end", 0),
    copied: json.long("copied", 0),
    total: json.long("total", 0),
    folder: json.textOr("folder", ""),
  };
}
