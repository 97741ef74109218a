import type { Runtime, Terminal } from "../ports/host.ts";
import type { Verb, Verbs } from "./verb.ts";

/** What every command works with. */
export interface Context {
  readonly runtime: Runtime;
  readonly terminal: Terminal;
  /** How a person starts this program, for texts that show commands to try. */
  readonly program: string;
}

/** What the help says of a command. */
export interface CommandTexts {
  readonly name: string;
  /** Its arguments, as the help shows them. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Everything behind the usage line: flags, then examples. */
  readonly help: string;
  /** It answers --help behind its words by itself. */
  readonly helpsItself?: true;
}

/** One word behind `pocketmq`. */
export type Command = CommandTexts & (Verb | Verbs);
