import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { cleanEnv } from "./binary.ts";
import { tempDir } from "./temp.ts";

/** A shell that a person types into, on a terminal of its own; `pocketmq` is what `program` says. */
export class Shell implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder = tempDir();
  readonly #ended: Promise<void>;
  #screen = "";
  #heard: () => void = () => {};

  /** `shell` is its command line; `program` a script of sh that is put on its PATH as `pocketmq`. */
  constructor(shell: string, program: string, env: Readonly<Record<string, string>> = {}) {
    const path = join(this.#folder.path, "pocketmq");
    writeFileSync(path, `#!/bin/sh\n${program}\n`);
    chmodSync(path, 0o755);
    const PATH = `${this.#folder.path}:${process.env.PATH}`;
    // its own home, but not a runtime's: that would fetch all packages anew
    const DENO_DIR = process.env.DENO_DIR ?? join(homedir(), ".cache/deno");
    const own = { PATH, DENO_DIR, TERM: "dumb", LC_ALL: "C", HOME: this.#folder.path };
    this.#child = spawn("script", ["-qfc", shell, "/dev/null"], {
      cwd: this.#folder.path,
      env: { ...cleanEnv(), ...own, ...env },
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child.stdout!.on("data", (bytes) => {
      this.#screen += bytes;
      this.#heard();
    });
    this.#ended = new Promise((resolve) => this.#child.on("close", () => resolve()));
  }

  /** The folder it works in. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Types keys; gives what the first group of the pattern fits on the screen from then on. */
  async types(keys: string, pattern: RegExp): Promise<string> {
    this.#screen = "";
    const late = Date.now() + 20_000;
    this.#child.stdin!.write(keys);
    for (;;) {
      const fits = pattern.exec(this.#screen);
      if (fits) return fits[1];
      if (Date.now() > late) throw new Error(`after ${JSON.stringify(keys)}: ${this.#screen}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end("\x15exit\n"); // what stands on its line goes first
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await this.#ended;
    clearTimeout(timer);
    this.#folder[Symbol.dispose]();
  }
}
