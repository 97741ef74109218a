import { AnswerError } from "../client/errors.ts";
import { formatSettings, parseSettings } from "../wire/admin.ts";
import { RequestCode, ResponseCode } from "../wire/codes.ts";
import { Fields } from "../wire/fields.ts";
import { parseKvTable } from "../wire/route.ts";
import { formatWritePerm, parsePermCount, type WritePerm } from "../wire/write_perm.ts";
import { askNode, askServers, type Lines, tellServers } from "./lines.ts";

/** The settings of one name server. @throws {AnswerError} {CallError} */
export async function namesrvConfig(
  lines: Pick<Lines, "calls">,
  address: string,
): Promise<Map<string, string>> {
  const request = { code: RequestCode.GET_NAMESRV_CONFIG };
  return parseSettings((await askNode(lines, address, request, "read its settings")).body);
}

/** Changes settings of every name server. @throws {AnswerError} {CallError} */
export async function putNamesrvConfig(
  lines: Lines,
  settings: Iterable<readonly [key: string, value: string]>,
): Promise<void> {
  const request = { code: RequestCode.UPDATE_NAMESRV_CONFIG, body: formatSettings(settings) };
  await tellServers(lines, request, "change its settings");
}

/**
 * Has one name server tell clients that they may, or may not, write to a broker, until it registers anew. Gives
 * how many topics that changed.
 *
 * @throws {AnswerError} {CallError} {FieldError}
 */
export async function changeWritePerm(
  lines: Pick<Lines, "calls">,
  address: string,
  brokerName: string,
  what: WritePerm,
): Promise<number> {
  const action = `${what} the write permission of "${brokerName}"`;
  const { ext } = await askNode(lines, address, formatWritePerm(what, brokerName), action);
  return parsePermCount(what, new Fields(ext));
}

/** Every key of a namespace; none when there is no such namespace. @throws {AnswerError} {CallError} {FieldError} */
export async function kvEntries(
  lines: Pick<Lines, "servers">,
  namespace: string,
): Promise<Map<string, string>> {
  const request = { code: RequestCode.GET_KVLIST_BY_NAMESPACE, ext: { namespace } };
  const answer = await found(askServers(lines, request, `list namespace "${namespace}"`));
  return answer === undefined ? new Map() : parseKvTable(answer.body);
}

/** The value of a key, or undefined. @throws {AnswerError} {CallError} */
export async function kvValue(
  lines: Pick<Lines, "servers">,
  namespace: string,
  key: string,
): Promise<string | undefined> {
  const request = { code: RequestCode.GET_KV_CONFIG, ext: { namespace, key } };
  const answer = await found(askServers(lines, request, `read key "${key}"`));
  return answer && new Fields(answer.ext).optional("value");
}

/** Sets a key on every name server. @throws {AnswerError} {CallError} */
export async function putKv(
  lines: Lines,
  namespace: string,
  key: string,
  value: string,
): Promise<void> {
  const ext = { namespace, key, value };
  await tellServers(lines, { code: RequestCode.PUT_KV_CONFIG, ext }, `set key "${key}"`);
}

/** Deletes a key on every name server; one that is not there is no error. @throws {AnswerError} {CallError} */
export async function deleteKv(lines: Lines, namespace: string, key: string): Promise<void> {
  const ext = { namespace, key };
  await tellServers(lines, { code: RequestCode.DELETE_KV_CONFIG, ext }, `delete key "${key}"`);
}

/** Undefined where the answer is that there is none. */
async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AnswerError && error.code === ResponseCode.QUERY_NOT_FOUND) {
      return undefined;
    }
    throw error;
  }
}
