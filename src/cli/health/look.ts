import { brokerState, type Calls } from "../../admin/ha.ts";
import { clusterBrokers } from "../../admin/cluster.ts";
import { reasonOf } from "../../base/log.ts";
import type { Clock } from "../../ports/host.ts";
import { AnswerError } from "../../client/errors.ts";
import { CallError } from "../../rpc/peer.ts";
import { RequestCode, ResponseCode } from "../../wire/codes.ts";
import { brokerHealth, type NodeHealth, type Wanted } from "./node_health.ts";

/** Where a node should be, and as what; "any" is whatever serves there. */
export interface Place {
  readonly address: string;
  readonly kind: "namesrv" | "broker" | "any";
}

/** How nodes are asked. */
export interface Asking {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly wanted: Wanted;
}

/** How the node at a place is, or that nobody answers there. */
export async function healthOf(place: Place, asking: Asking): Promise<NodeHealth> {
  try {
    return await ask(place, asking);
  } catch (error) {
    if (error instanceof AnswerError) return refused(place, error, asking.wanted);
    const silent = error instanceof CallError && error.kind === "timeout"
      ? "timeout"
      : "unreachable";
    const role = place.kind === "namesrv" ? "namesrv" : "master";
    return { role, address: place.address, silent, faults: [reasonOf(error)] };
  }
}

/** It answers that it will not: alive, and nobody can tell whether it is ready. */
function refused({ address }: Place, { code }: AnswerError, wanted: Wanted): NodeHealth {
  const text = `it refuses to be asked (code ${code}): access control may be on`;
  return { role: "master", address, faults: wanted === "ready" ? [text] : [] };
}

async function ask({ address, kind }: Place, asking: Asking): Promise<NodeHealth> {
  const { calls, clock, wanted } = asking;
  const { code } = await calls.call(address, { code: RequestCode.GET_NAMESRV_CONFIG }, TELLS_MS);
  const isNamesrv = code === ResponseCode.SUCCESS; // a broker has no such request
  if (kind !== "any" && isNamesrv !== (kind === "namesrv")) {
    const [found, meant] = isNamesrv
      ? ["a name server", "a broker"]
      : ["a broker", "a name server"];
    return { role: "namesrv", address, faults: [`${found} serves there, not ${meant}`] };
  }
  if (isNamesrv) return { role: "namesrv", address, faults: [] };
  const state = await brokerState(calls, address);
  const registered = wanted === "ready"
    ? await registration(address, state.settings, calls)
    : undefined;
  return brokerHealth({ address, ...state, registered }, wanted, clock.now());
}

const TELLS_MS = 10_000;

/** True when a name server has this broker, else why not. */
async function registration(
  address: string,
  settings: ReadonlyMap<string, string>,
  calls: Calls,
): Promise<true | string> {
  const namesrvs = (settings.get("namesrvAddr") ?? "").split(";").filter((one) => one !== "");
  if (namesrvs.length === 0) return "it knows no name server, clients cannot find it";
  const told = await Promise.all(
    namesrvs.map((namesrv) => isKnownTo(namesrv, address, settings, calls)),
  );
  if (told.includes(true)) return true;
  const reasons = told.map((reason, i) => `${namesrvs[i]} ${reason}`);
  return `clients cannot find it: ${reasons.join(", ")}`;
}

async function isKnownTo(
  namesrv: string,
  asked: string,
  settings: ReadonlyMap<string, string>,
  calls: Calls,
): Promise<true | string> {
  try {
    const brokers = await clusterBrokers({
      ask: (request) => calls.call(namesrv, request, TELLS_MS),
    });
    // Another of the same name and id may be there in its place: it has another port, or another machine.
    const port = asked.slice(asked.lastIndexOf(":"));
    const ports = [port, `:${settings.get("listenPort")}`];
    const isIt = brokers.some(({ name, id, address }) =>
      name === settings.get("brokerName") && String(id) === settings.get("brokerId") &&
      ports.some((known) => address.endsWith(known))
    );
    return isIt || "does not have it";
  } catch {
    return "does not answer";
  }
}
