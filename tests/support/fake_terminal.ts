import type { Terminal } from "../../src/ports/host.ts";

/** A terminal of a test, and what was printed on it. */
export interface FakeTerminal {
  readonly terminal: Terminal;
  readonly out: { stdout: string; stderr: string };
  /** A person presses Ctrl-C. */
  interrupt(): void;
}

/** A terminal in memory; `lines` are what a person types, `isTerminal` is meant for all three of it. */
export function fakeTerminal(
  options: {
    readonly isTerminal?: boolean;
    readonly env?: Terminal["env"];
    readonly lines?: readonly string[];
  } = {},
): FakeTerminal {
  const { isTerminal = false, env = {}, lines = [] } = options;
  const out = { stdout: "", stderr: "" };
  const typed = [...lines];
  const hearing: ((signal: "SIGINT") => void)[] = [];
  const terminal: Terminal = {
    args: [],
    env,
    workDir: "/",
    stdinIsTerminal: isTerminal,
    stdoutIsTerminal: isTerminal,
    stderrIsTerminal: isTerminal,
    stdout: (text) => void (out.stdout += text),
    stderr: (text) => void (out.stderr += text),
    stdin: () => Promise.resolve(new Uint8Array(0)),
    line: () => Promise.resolve(typed.shift()),
    onStopSignal: (fn) => void hearing.push(fn),
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  return { terminal, out, interrupt: () => hearing.forEach((fn) => fn("SIGINT")) };
}
