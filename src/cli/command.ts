import type { Runtime, Terminal } from "../ports/host.ts";

/** What every command works with. */
export interface Context {
  readonly runtime: Runtime;
  readonly terminal: Terminal;
  /** How a person starts this program, for texts that show commands to try. */
  readonly program: string;
}

/** One word behind `pocketmq`. */
export interface Command {
  readonly name: string;
  /** Its arguments, as the help shows them. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything behind the usage line: flags, then examples. */
  readonly help: string;
  /** Does it; gives the exit code. */
  run(context: Context, args: readonly string[]): Promise<number>;
}
