import { AnswerError } from "../client/errors.ts";
import type { NameServers } from "../client/name_servers.ts";
import type { Redial } from "../rpc/redial.ts";
import { ResponseCode } from "../wire/codes.ts";
import type { Command, Request } from "../wire/command.ts";

/** Some requests have a broker read its disk or save a table first. */
const ANSWER_MS = 10_000;

/** How a cluster is asked and told. */
export interface Lines {
  readonly calls: Pick<Redial, "call">;
  /** For questions: any name server knows. */
  readonly servers: Pick<NameServers, "ask">;
  /** For changes: every name server must hear. */
  readonly namesrvs: readonly string[];
}

/**
 * Asks the node at `address`; `action` says for what, as in `create topic "T"`.
 *
 * @throws {AnswerError} when it refuses. @throws {CallError} when it does not answer.
 */
export async function askNode(
  { calls }: Pick<Lines, "calls">,
  address: string,
  request: Request,
  action: string,
): Promise<Command> {
  return accepted(await calls.call(address, request, ANSWER_MS), address, action);
}

/**
 * Asks one name server after the other until one can tell.
 *
 * @throws {AnswerError} when none can. @throws {CallError} when none answers.
 */
export async function askServers(
  { servers }: Pick<Lines, "servers">,
  request: Request,
  action: string,
): Promise<Command> {
  const answer = await servers.ask(request, ({ code }) => code === ResponseCode.SUCCESS);
  return accepted(answer, "a name server", action);
}

/** Has every name server do something. @throws {AnswerError} {CallError} of the first that does not. */
export async function tellServers(lines: Lines, request: Request, action: string): Promise<void> {
  const all = lines.namesrvs.map((address) => askNode(lines, address, request, action));
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/** A remark may be a whole stack trace: its first line says what it is about. */
function accepted(answer: Command, address: string, action: string): Command {
  const { code, remark = "" } = answer;
  if (code === ResponseCode.SUCCESS) return answer;
  const why = code === ResponseCode.REQUEST_CODE_NOT_SUPPORTED
    ? "knows no such request"
    : `answers ${code}` + (remark === "" ? "" : ` (${remark.split("\n")[0].trim()})`);
  throw new AnswerError(code, `Cannot ${action}: ${address} ${why}`);
}
