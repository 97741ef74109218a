import { type Address, NetError } from "../ports/net.ts";

/** The runtime's error of a failed dial or listen, told in our words. */
export function netError(action: "reach" | "listen on", at: Address, error: unknown): NetError {
  if (error instanceof NetError) return error;
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  const kind = KINDS[code ?? ""] ?? KINDS[name ?? ""] ?? "other";
  const reason = REASONS[kind] ?? message ?? String(error);
  return new NetError(kind, `cannot ${action} ${nameOf(at)}: ${reason}`, { cause: error });
}

/** Nobody answered in time. */
export function dialTimedOut(to: Address, timeoutMs: number): NetError {
  return new NetError("timeout", `cannot reach ${nameOf(to)}: no answer within ${timeoutMs} ms`);
}

/** The caller lost interest. */
export function dialAborted(to: Address, reason: unknown): NetError {
  return new NetError("other", `cannot reach ${nameOf(to)}: given up`, { cause: reason });
}

/** The connection broke under a read or a write. */
export function broken(remote: Address, error: unknown): NetError {
  const reason = error instanceof Error ? error.message : "the peer is gone";
  return new NetError("other", `connection to ${nameOf(remote)} broke: ${reason}`, {
    cause: error,
  });
}

/** A write after the near side was closed. */
export function closedHere(remote: Address): NetError {
  return new NetError("other", `connection to ${nameOf(remote)} was closed`);
}

function nameOf({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const KINDS: Readonly<Record<string, NetError["code"]>> = {
  EADDRINUSE: "in-use",
  AddrInUse: "in-use",
  ECONNREFUSED: "refused",
  ConnectionRefused: "refused",
  ETIMEDOUT: "timeout",
  TimedOut: "timeout",
};

const REASONS: Readonly<Partial<Record<NetError["code"], string>>> = {
  "in-use": "the port is taken",
  refused: "nobody listens there",
};
