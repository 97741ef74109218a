/** `pocketmq admin` in this process, and mqadmin itself. */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Context } from "../../../src/cli/command.ts";
import { main } from "../../../src/cli/main.ts";
import { runtime } from "../../support/runtime.ts";
import { mqadminPrints } from "../mqadmin.ts";
import type { Lab } from "./clusters.ts";

/** Home of mqadmin's process, and the folder that commands of ours run in. */
export const HOME = mkdtempSync(join(tmpdir(), "pocketmq-cli-clients-"));
process.on("exit", () => rmSync(HOME, { recursive: true, force: true }));

/** What a command came to. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `pocketmq admin WORDS`: the start of a process takes longer than all it does. One that goes on until it is
 * stopped is stopped as soon as `until` fits what it printed.
 */
export async function admin(lab: Lab, words: readonly string[], until?: RegExp): Promise<Done> {
  let [stdout, stderr] = ["", ""];
  const stops: (() => void)[] = [];
  const terminal = {
    args: ["admin", ...words],
    env: { NAMESRV_ADDR: lab.namesrv },
    workDir: HOME,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    stdout: (text: string) => {
      stdout += text;
      if (until?.test(stdout)) stops.forEach((stop) => stop());
    },
    stderr: (text: string) => void (stderr += text),
    onStopSignal: (stop: () => void) => void stops.push(stop),
  };
  const context = { runtime, terminal, program: "pocketmq" } as unknown as Context;
  return { code: await main(context), stdout, stderr };
}

/** What it prints; it must end with 0 and have nothing to say. */
export async function adminOut(lab: Lab, words: string): Promise<string> {
  const { code, stdout, stderr } = await admin(lab, words.split(" "));
  assertEquals([code, stderr], [0, ""], `${words}\n${stdout}`);
  return stdout;
}

/** What mqadmin prints for the same words; it must print something. */
export async function mqadmin(lab: Lab, words: string): Promise<string> {
  const { out, err } = await mqadminPrints(HOME, [...words.split(" "), "-n", lab.namesrv]);
  assert(out !== "", `mqadmin ${words}: ${err}`);
  return `${out}\n`;
}
