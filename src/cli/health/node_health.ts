import { diskState } from "../../admin/disk_state.ts";
import type { BrokerState } from "../../admin/ha.ts";
import { judge } from "../ha_health.ts";

/** What a node may be asked for: to be alive, or to serve all it is there for. */
export type Wanted = "alive" | "ready";

/** What was learned of a broker. */
export interface BrokerFacts extends BrokerState {
  readonly address: string;
  /** Whether a name server has it; why none does; undefined when nobody was asked. */
  readonly registered: true | string | undefined;
}

/** How a node is; `faults` are what it must be looked after for. */
export interface NodeHealth {
  readonly role: "namesrv" | "master" | "slave";
  readonly address: string;
  readonly name?: string;
  readonly id?: number;
  /** A slave's state, as ha status has it. */
  readonly state?: string;
  readonly faults: readonly string[];
  /** True when it could not be asked. */
  readonly silent?: "unreachable" | "timeout";
}

/** How a broker is; `now` is ms since 1970. */
export function brokerHealth(facts: BrokerFacts, wanted: Wanted, now: number): NodeHealth {
  const { address, ha, settings, runtime, registered } = facts;
  const slave = ha.role === "SLAVE";
  const disk = diskState(runtime, settings).refuses;
  const faults = [
    ...(disk !== undefined && !slave ? [`it stores nothing: ${disk}`] : []),
    ...replication(facts, wanted, now),
    ...(wanted === "ready" && typeof registered === "string" ? [registered] : []),
  ];
  return {
    role: slave ? "slave" : "master",
    address,
    name: ha.name,
    id: ha.id,
    state: ha.status?.pocketmq?.state,
    faults,
  };
}

/** A slave on its way is alive and not ready; one that waits for somebody to decide is neither. */
function replication({ address, ha }: BrokerFacts, wanted: Wanted, now: number): string[] {
  const { health, notes } = judge({ address, ha }, now);
  const state = ha.status?.pocketmq?.state ?? "behind";
  const why = notes.length > 0 ? `: ${notes.join("; ")}` : "";
  const slave = ha.role === "SLAVE";
  if (health === "refused" && slave) return [`it is ${state}${why}`];
  if (wanted === "alive") return [];
  if (health === "refused") return [`it refused a slave${why}`];
  if (health !== "behind") return [];
  if (slave) return [`it is ${state}${why}`];
  return notes.length > 0 ? [...notes] : []; // a master serves, however far a slave is behind
}
