import { reasonOf } from "../base/log.ts";
import type { Address } from "../ports/net.ts";
import { parseSettings } from "../wire/admin.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";
import { addressText } from "../wire/host_address.ts";
import { JsonBody } from "../wire/json_body.ts";
import { formatView } from "../wire/query.ts";
import { type SlaveName, slaveNameFields } from "../wire/slave_name.ts";
import type { Bounds } from "./slave_status.ts";

/** What a slave learns of a broker before it follows it. */
export interface MasterSettings {
  /** Its brokerRole: "SLAVE" when it follows another one itself. */
  readonly role: string;
  readonly fileBytes: number;
}

/** A broker's answers to what a slave asks. Each call rejects with a `NoAnswer` when there is none. */
export interface MasterAnswers {
  /** Request 26. */
  settings(): Promise<MasterSettings>;
  /** Request 28: the first and last byte of its log. */
  bounds(): Promise<Bounds>;
  /** Request 33: the record that begins there, undefined when none does. */
  recordAt(logOffset: number): Promise<Uint8Array | undefined>;
  /** Request 43 with our name in it; what is answered does not matter. */
  name(name: SlaveName): Promise<void>;
}

/** The master's broker did not say what was asked. */
export class NoAnswer extends Error {
  /** Tells it from other errors. */
  override name = "NoAnswer";
}

/** The broker that answers requests at `address`. */
export function answersOf(
  redial: { call(address: string, request: Request, timeoutMs: number): Promise<Command> },
  address: Address,
  callMs: number,
): MasterAnswers {
  const to = addressText(address);
  const ask = async (request: Request): Promise<Command> => {
    try {
      return await redial.call(to, request, callMs);
    } catch (error) {
      throw new NoAnswer(`no answer from the master's broker at ${to}: ${reasonOf(error)}`);
    }
  };
  const bodyOf = async (code: number): Promise<Uint8Array> => {
    const answer = await ask({ code });
    if (answer.code === ResponseCode.SUCCESS && answer.body.length > 0) return answer.body;
    const said = answer.code === ResponseCode.SUCCESS
      ? "an empty body: it may just have started"
      : `code ${answer.code}: ${answer.remark ?? "no reason given"}`;
    throw new NoAnswer(`the master's broker at ${to} answered request ${code} with ${said}`);
  };
  const parsed = async <T>(code: number, parse: (body: Uint8Array) => T): Promise<T> => {
    const body = await bodyOf(code);
    try {
      return parse(body);
    } catch (error) {
      throw new NoAnswer(`the answer of ${to} to request ${code}: ${reasonOf(error)}`);
    }
  };
  return {
    settings: () => parsed(RequestCode.GET_BROKER_CONFIG, settingsOf),
    bounds: () => parsed(RequestCode.GET_BROKER_RUNTIME_INFO, boundsOf),
    async recordAt(logOffset) {
      const answer = await ask(formatView(logOffset));
      if (answer.code === ResponseCode.SUCCESS) return answer.body;
      if (answer.code === ResponseCode.SYSTEM_ERROR) return undefined;
      throw new NoAnswer(
        `the master's broker at ${to} answered request 33 with code ${answer.code}: ${
          answer.remark ?? "no reason given"
        }`,
      );
    },
    async name(name) {
      const ext = slaveNameFields(name);
      await ask({ code: RequestCode.GET_ALL_CONSUMER_OFFSET, ext });
    },
  };
}

function settingsOf(body: Uint8Array): MasterSettings {
  const settings = parseSettings(body);
  const fileBytes = Number(settings.get("mappedFileSizeCommitLog"));
  const role = settings.get("brokerRole");
  if (role === undefined || !Number.isSafeInteger(fileBytes) || fileBytes <= 0) {
    throw new Error("it names no brokerRole and mappedFileSizeCommitLog");
  }
  return { role, fileBytes };
}

/** An empty Java log says that it begins at -1. */
function boundsOf(body: Uint8Array): Bounds {
  const table = JsonBody.parse(body).object("table");
  return {
    min: Math.max(0, table.long("commitLogMinOffset")),
    max: Math.max(0, table.long("commitLogMaxOffset")),
  };
}
