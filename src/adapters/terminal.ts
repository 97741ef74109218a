import { writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { isatty } from "node:tty";
import type { Terminal } from "../ports/host.ts";

/** The process as its command line sees it; `args` are the words behind the program's name. */
export function processTerminal(args: readonly string[]): Terminal {
  return {
    args,
    env: { ...process.env },
    workDir: process.cwd(),
    stdinIsTerminal: isatty(0),
    stdoutIsTerminal: isatty(1),
    stderrIsTerminal: isatty(2),
    stdout(text) {
      if (!print(1, text)) process.exit(READER_LEFT);
    },
    stderr: (text) => void print(2, text), // a server outlives whoever read its log
    stdin: readAll,
    line: readLine,
    onStopSignal(fn) {
      process.on("SIGTERM", () => fn("SIGTERM"));
      process.on("SIGINT", () => fn("SIGINT"));
    },
    exit: (code) => process.exit(code),
  };
}

/** What a shell shows for a program that SIGPIPE ended, as in `pocketmq consume … | head`. */
const READER_LEFT = 141;

const napping = new Int32Array(new SharedArrayBuffer(4));

/** Writes at once, so that nothing is lost when the process ends next; false when the reader is gone. */
function print(fd: number, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(napping, 0, 0, 1); // a full pipe that somebody made non-blocking
    }
  }
  return true;
}

function readLine(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => resolve(undefined));
  });
}

async function readAll(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
