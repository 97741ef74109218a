import type { Terminal } from "../ports/host.ts";

/** How states are made to stand out. */
export interface Paint {
  /** For what needs somebody. */
  red(text: string): string;
  /** For what is on its way. */
  yellow(text: string): string;
  /** For what is as it should be. */
  green(text: string): string;
}

const colour = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[39m`;

/** For a terminal. */
export const coloured: Paint = { red: colour(31), yellow: colour(33), green: colour(32) };

const same = (text: string) => text;

/** For a pipe, and for who wants none. */
export const plain: Paint = { red: same, yellow: same, green: same };

/** What fits where stdout goes: colour on a terminal that has it, unless NO_COLOR says no. */
export function paintFor(
  { stdoutIsTerminal, env }: Pick<Terminal, "stdoutIsTerminal" | "env">,
): Paint {
  return stdoutIsTerminal && !env.NO_COLOR && env.TERM !== "dumb" ? coloured : plain;
}
