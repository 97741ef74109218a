import type { ChildProcess } from "node:child_process";
import process from "node:process";

/** Sends a signal to a child that has not ended yet. `child.kill` of Deno works only once in a child's life. */
export function sendSignal(
  child: ChildProcess,
  signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT",
): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(child.pid, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error; // ended, and not yet told
  }
}
