import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "./runtime.ts";
import { sendSignal } from "./signal.ts";

/** How the program is run: its source by one of the runtimes, or the executable made of it. */
export type Via = "deno" | "bun" | "compiled";

/** How to start it; all of it may be left out. */
export interface StartOptions {
  /** Default: POCKETMQ_VIA, else the runtime the tests run on. */
  readonly via?: Via;
  /** Added to the environment, from which all POCKETMQ_ names and NAMESRV_ADDR were taken. */
  readonly env?: Readonly<Record<string, string>>;
  readonly workDir?: string;
  /** How long it may take until it serves. */
  readonly readyWithinMs?: number;
  /** For a command line other than ours in front of the arguments, such as a package runner. */
  readonly command?: readonly string[];
}

/** The line of JSON on stdout that says that every role serves. */
export interface Ready {
  readonly ready: true;
  readonly roles: readonly string[];
  readonly namesrv?: string;
  readonly broker?: string;
  readonly ha?: string;
  readonly slaves?: readonly { readonly broker: string; readonly ha: string }[];
}

/** A process that serves. Disposing it stops it, gently at first. */
export interface Pocketmq extends AsyncDisposable {
  readonly ready: Ready;
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Sends a signal; what it gives is `exited`, for the signals that end a process. */
  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<Exit>;
  /** Asks it to end, as an operator would, and gives its exit code. */
  stop(): Promise<number | null>;
  readonly exited: Promise<Exit>;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const READY_WITHIN_MS = 20_000;
/** After SIGTERM; then it is killed. */
const STOPPED_WITHIN_MS = 10_000;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Starts `pocketmq ARGS` and waits until it serves. @throws {Error} with its stderr when it does not. */
export async function startPocketmq(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Pocketmq> {
  const started = launch(args, options);
  try {
    const ready = await within(
      options.readyWithinMs ?? READY_WITHIN_MS,
      Promise.race([started.ready, started.exited.then(() => undefined)]),
    );
    if (!ready) throw new Error("it did not get ready");
    return {
      ready,
      pid: started.child.pid!,
      get stdout() {
        return started.output.stdout;
      },
      get stderr() {
        return started.output.stderr;
      },
      kill(signal) {
        sendSignal(started.child, signal);
        return started.exited;
      },
      async stop() {
        sendSignal(started.child, "SIGTERM");
        return (await started.exited).code;
      },
      exited: started.exited,
      [Symbol.asyncDispose]: () => stop(started),
    };
  } catch (error) {
    sendSignal(started.child, "SIGKILL");
    const { code, signal, stdout, stderr } = await started.exited;
    const end = `exit ${code ?? signal}\n${stdout}${stderr}`;
    throw new Error(`pocketmq ${args.join(" ")}: ${(error as Error).message}, ${end}`);
  }
}

/** Runs `pocketmq ARGS` to its end, with `stdin` as its input. */
export async function runPocketmq(
  args: readonly string[],
  options: StartOptions & { stdin?: string; endsWithinMs?: number } = {},
): Promise<Exit> {
  const started = launch(args, options);
  started.child.stdin!.end(options.stdin ?? "");
  const ended = await within(options.endsWithinMs ?? READY_WITHIN_MS, started.exited);
  if (ended) return ended;
  sendSignal(started.child, "SIGKILL");
  const { stdout, stderr } = await started.exited;
  throw new Error(`pocketmq ${args.join(" ")} does not end\n${stdout}${stderr}`);
}

/** The runtime's executable: the project's own before the machine's. */
export function toolPath(tool: "deno" | "bun"): string {
  const own = join(root, "tools/node_modules/.bin", tool);
  if (existsSync(own)) return own;
  return runtime.name === tool ? process.execPath : tool;
}

interface Started {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ready: Promise<Ready>;
  readonly exited: Promise<Exit>;
}

function launch(args: readonly string[], options: StartOptions): Started {
  const [command, ...front] = options.command ?? commandOf(options.via);
  const child = spawn(command, [...front, ...args], {
    cwd: options.workDir,
    env: { ...cleanEnv(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin!.on("error", () => {}); // it may end before it has read all
  const output = { stdout: "", stderr: "" };
  child.stderr!.on("data", (bytes) => output.stderr += bytes);
  const ready = new Promise<Ready>((resolve) => {
    child.stdout!.on("data", (bytes) => {
      output.stdout += bytes;
      const line = /^\{"ready":true.*\n/m.exec(output.stdout);
      if (line) resolve(JSON.parse(line[0]));
    });
  });
  const exited = new Promise<Exit>((resolve) => {
    child.on("error", (error) => output.stderr += error.message);
    child.on("close", (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, ready, exited };
}

async function stop(started: Started): Promise<void> {
  sendSignal(started.child, "SIGTERM");
  sendSignal(started.child, "SIGCONT"); // a stopped one would not hear
  if (await within(STOPPED_WITHIN_MS, started.exited)) return;
  sendSignal(started.child, "SIGKILL");
  await started.exited;
}

function defaultVia(): Via {
  return process.env.POCKETMQ_VIA as Via | undefined ?? runtime.name;
}

/** The program and what stands in front of its arguments. */
export function commandOf(via: Via = defaultVia()): string[] {
  if (via === "compiled") return [compiled()];
  const source = join(root, "bin/pocketmq.ts");
  if (via === "bun") return [toolPath("bun"), source];
  return [toolPath("deno"), "run", "-A", "--config", join(root, "deno.json"), source];
}

const executable = join(root, "dist/pocketmq");

/** Whether the executable is there and no source is younger. */
function compiledIsFresh(): boolean {
  if (!existsSync(executable)) return false;
  const sources = ["src", "bin"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((name) => join(root, folder, name))
  );
  const youngest = Math.max(...sources.map((source) => statSync(source).mtimeMs));
  return statSync(executable).mtimeMs > youngest;
}

/** The executable, made anew when a source is younger. */
function compiled(): string {
  const path = executable;
  if (compiledIsFresh()) return path;
  mkdirSync(join(root, "dist"), { recursive: true });
  const fresh = `${path}-${process.pid}`; // others may be running the old one
  const kind = ["--compile", "--minify", "--bytecode", "--format=esm"]; // as `deno task compile:bun`
  const build = ["build", ...kind, "bin/pocketmq.ts", "--outfile", fresh];
  execFileSync(toolPath("bun"), build, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  renameSync(fresh, path);
  return path;
}

/** This environment without what would reach a node. */
export function cleanEnv(): Record<string, string | undefined> {
  const mine = Object.entries(process.env)
    .filter(([name]) => !name.startsWith("POCKETMQ_") && name !== "NAMESRV_ADDR");
  return { ...Object.fromEntries(mine), NO_COLOR: "1" };
}

/** What the promise gives in time, or undefined. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = runtime.clock.after(ms, () => resolve(undefined));
    promise.then(resolve, reject).finally(cancel);
  });
}
