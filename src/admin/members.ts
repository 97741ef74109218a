import { AnswerError } from "../client/errors.ts";
import { ResponseCode } from "../wire/codes.ts";
import {
  type Connection,
  formatProducerConnectionsQuery,
  formatProducersQuery,
  parseProducerConnections,
  parseProducers,
  type ProducerInfo,
} from "../wire/connections.ts";
import {
  type DirectConsume,
  type DirectResult,
  formatDirectConsume,
  formatRunningInfoQuery,
  parseDirectResult,
  type RunningInfoQuery,
} from "../wire/consumer_ask.ts";
import { parseRunningInfo, type RunningInfo } from "../wire/running_info.ts";
import { askNode, type Lines } from "./lines.ts";

/** Members of a producer group that are connected to one broker; none when it knows no such group. @throws {AnswerError} {CallError} {FieldError} */
export async function producersOf(
  lines: Pick<Lines, "calls">,
  address: string,
  group: string,
): Promise<Connection[]> {
  const request = formatProducerConnectionsQuery(group);
  try {
    const action = `see who produces as "${group}"`;
    return parseProducerConnections((await askNode(lines, address, request, action)).body);
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.SYSTEM_ERROR) return [];
    throw error;
  }
}

/** Every producer that is connected to one broker, by group. @throws {AnswerError} {CallError} {FieldError} */
export async function producersOn(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<Map<string, ProducerInfo[]>> {
  const answer = await askNode(lines, address, formatProducersQuery(), "see who produces");
  return parseProducers(answer.body);
}

/** What a member of a consumer group does now; the broker asks it. @throws {AnswerError} {CallError} {FieldError} */
export async function runningInfo(
  lines: Pick<Lines, "calls">,
  address: string,
  query: RunningInfoQuery,
): Promise<RunningInfo> {
  const action = `see what ${query.clientId} of group "${query.group}" does`;
  const { body } = await askNode(lines, address, formatRunningInfoQuery(query), action);
  return parseRunningInfo(body);
}

/** Has a member of a consumer group consume one message now. @throws {AnswerError} {CallError} {FieldError} */
export async function consumeDirectly(
  lines: Pick<Lines, "calls">,
  address: string,
  asked: DirectConsume,
): Promise<DirectResult> {
  const action = `have ${asked.clientId} of group "${asked.group}" consume ${asked.messageId}`;
  const { body } = await askNode(lines, address, formatDirectConsume(asked), action);
  return parseDirectResult(body);
}

export type { Connection, DirectResult, ProducerInfo, RunningInfo };
