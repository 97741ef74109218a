import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { Buffer } from "node:buffer";

/** Text of a process kept for the report of a failure; more is of no use to a reader. */
const KEPT_CHARS = 4_000;

/** A process of a test run, with what it said last. */
export interface Running {
  readonly pid: number;
  readonly exited: Promise<number>;
  /** The end of what it printed on both outputs. */
  said(): string;
  /** Resolves with the first line of stdout the pattern fits; rejects when the process ends before. */
  line(pattern: RegExp): Promise<string>;
  /** Writes a line to its stdin. */
  tell(line: string): void;
  /** Sends the signal and waits for the end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number>;
}

const alive = new Set<ChildProcess>();
process.on("exit", () => alive.forEach((child) => child.kill("SIGKILL")));

/** Starts a process whose stdout is read in lines; `onLine` sees each of them as it comes. */
export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; onLine?: (line: string) => void } = {},
): Running {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  alive.add(child);
  child.stdin!.on("error", () => {}); // it may end before it has read all
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let said = "";
  let rest = "";
  let code: number | undefined;
  const keep = (text: string) => void (said = (said + text).slice(-KEPT_CHARS));
  child.stderr!.on("data", (chunk: Buffer) => keep(chunk.toString()));
  child.stdout!.on("data", (chunk: Buffer) => {
    const text = chunk.toString();
    keep(text);
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) {
      lines.push(line);
      options.onLine?.(line);
    }
    watchers.forEach((watcher) => watcher());
  });
  const exited = new Promise<number>((resolve) => {
    child.on("error", (error) => keep(String(error)));
    child.on("close", (status, signal) => {
      alive.delete(child);
      code = status ?? (signal === "SIGKILL" ? 137 : 143);
      resolve(code);
      watchers.forEach((watcher) => watcher());
    });
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find((one) => pattern.test(one));
        if (found === undefined && code === undefined) return;
        watchers.delete(look);
        if (found !== undefined) resolve(found);
        else {reject(
            new Error(`${command} ended with code ${code} before it said ${pattern}: ${said}`),
          );}
      };
      watchers.add(look);
      look();
    });
  const end = (signal: "SIGTERM" | "SIGKILL") => {
    child.kill(signal);
    return exited;
  };
  const tell = (text: string) => void child.stdin!.write(text + "\n");
  return { pid: child.pid!, exited, said: () => said, line, tell, end };
}

/** Runs a command to its end; throws what it said when it fails. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const output: string[] = [];
  const child = run(command, args, { ...options, onLine: (line) => output.push(line) });
  const code = await child.exited;
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with code ${code}: ${child.said()}`);
  }
  return output.join("\n");
}

/** The promise, or a failure that says what did not happen in time. */
export function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${what}: not within ${seconds} s`)),
      seconds * 1000,
    );
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
