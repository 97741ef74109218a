import { reasonOf } from "../base/log.ts";
import { sleep } from "../base/together.ts";
import { ResponseCode } from "../wire/codes.ts";
import { formatClientCheck, type Subscription } from "../wire/heartbeat.ts";
import { AnswerError } from "./errors.ts";
import type { ClientParts } from "./parts.ts";
import type { Route } from "./routes.ts";
import { unlessAborted } from "./wait.ts";

const ANSWER_MS = 3_000;
const AGAIN_MS = 1_000;

/**
 * Has a broker of each topic look at the expressions that are none of tags; resolves when all are taken, or when
 * `signal` aborts. Without it a consumer whose expression does not compile would wait and hear nothing.
 *
 * @throws {AnswerError} when a broker refuses one.
 */
export async function checkExpressions(
  subscriptions: readonly Subscription[],
  { parts, group }: { parts: ClientParts; group: string },
  signal: AbortSignal,
): Promise<void> {
  for (const subscription of subscriptions) {
    if (subscription.expressionType === "TAG") continue;
    let said: string | undefined;
    while (!signal.aborted) {
      const reason = await unlessAborted(checkOne(subscription, parts, group), signal);
      if (reason === undefined) break;
      if (reason !== said) {
        parts.log.warn("cannot check an expression yet", { topic: subscription.topic, reason });
      }
      said = reason;
      await sleep(parts.runtime.clock, AGAIN_MS, signal);
    }
  }
}

/** Why nobody looked at it; undefined when somebody took it. @throws {AnswerError} */
async function checkOne(
  subscription: Subscription,
  { routes, redial, id }: ClientParts,
  group: string,
): Promise<string | undefined> {
  const request = formatClientCheck({ clientId: id, group, subscription });
  let route: Route;
  try {
    route = await routes.of(subscription.topic);
  } catch (error) {
    return reasonOf(error);
  }
  const reasons: string[] = [];
  for (const address of addressesOf(route)) {
    try {
      const { code, remark } = await redial.call(address, request, ANSWER_MS);
      if (code === ResponseCode.SUCCESS) return undefined;
      if (code === ResponseCode.REQUEST_CODE_NOT_SUPPORTED) return undefined; // it will say so to pulls
      const { topic, subString } = subscription;
      const why = remark === undefined ? "" : ` (${remark})`;
      throw new AnswerError(code, `"${subString}" on "${topic}" is refused: ${code}${why}`);
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      reasons.push(reasonOf(error));
    }
  }
  return reasons.join("; ");
}

/** Of its brokers, masters first: a slave may know less. */
function addressesOf({ brokers }: Route): Set<string> {
  const ids = [...brokers.values()].flatMap((addresses) => [...addresses]);
  return new Set(ids.sort(([a], [b]) => a - b).map(([, address]) => address));
}
