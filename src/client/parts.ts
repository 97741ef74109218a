import type { Log } from "../base/log.ts";
import type { Runtime } from "../ports/host.ts";
import type { Redial } from "../rpc/redial.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { Requests } from "./requests.ts";
import type { Routes } from "./routes.ts";
import type { UniqueIds } from "./unique_id.ts";

/** What a client needs of its runtime. */
export type ClientRuntime = Pick<
  Runtime,
  "net" | "clock" | "codecs" | "addresses" | "processId" | "random"
>;

/** What producers and consumers of one client share. */
export interface ClientParts {
  readonly runtime: ClientRuntime;
  /** What brokers know this client by. */
  readonly id: string;
  readonly ids: UniqueIds;
  readonly redial: Redial;
  readonly routes: Routes;
  readonly heartbeats: Heartbeats;
  /** Requests of ours that wait for their answer. */
  readonly requests: Requests;
  readonly log: Log;
  /** Aborts when the client closes. */
  readonly signal: AbortSignal;
}
