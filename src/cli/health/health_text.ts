import { Exit } from "../exit.ts";
import type { NodeHealth } from "./node_health.ts";

const ROLES = { namesrv: "name server", master: "master", slave: "slave" } as const;

/** One line for a person or a container's log. */
export function healthText(nodes: readonly NodeHealth[]): string {
  const bad = nodes.filter(({ faults }) => faults.length > 0);
  if (bad.length === 0) return `ok: ${nodes.map(nodeText).join(", ")}\n`;
  return bad.map((node) => `${nodeText(node)}: ${node.faults.join("; ")}`).join(" | ") + "\n";
}

/** The same as one line of JSON. */
export function healthJson(nodes: readonly NodeHealth[]): string {
  return JSON.stringify({ healthy: exitOf(nodes) === Exit.OK, nodes }) + "\n";
}

/** One that does not answer counts more than one that is not well. */
export function exitOf(nodes: readonly NodeHealth[]): number {
  if (nodes.some(({ silent }) => silent === "unreachable")) return Exit.FAILED;
  if (nodes.some(({ silent }) => silent === "timeout")) return Exit.TIMEOUT;
  return nodes.some(({ faults }) => faults.length > 0) ? Exit.UNHEALTHY : Exit.OK;
}

function nodeText({ role, name, id, state, address, silent }: NodeHealth): string {
  const who = silent ? "" : `${ROLES[role]} `;
  const named = name ? `${name}${id ? `-${id}` : ""} ` : "";
  const how = state !== undefined && state !== "MASTER" ? `, ${state}` : "";
  return `${who}${named}at ${address}${how}`.replace(/^at /, "");
}
