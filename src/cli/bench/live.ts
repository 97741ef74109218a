import type { Clock, Terminal } from "../../ports/host.ts";
import { jsonLine } from "../admin/reach.ts";

const SECOND_MS = 1_000;

/** How a measurement shows what it does meanwhile. */
export interface LiveFlags {
  readonly json: boolean;
  readonly progress: boolean;
}

/** Flags and help of all that measure. */
export const LIVE_FLAGS = { progress: { kind: "switch" } } as const;
export const LIVE_HELP =
  `  --progress        a line each second also when this is no terminal; with --json an
                    object with "type":"second" each second, before "type":"result"
`;

/** What one second came to: for people, and for machines. */
export interface SecondText {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The line of each second: on a terminal it is written over the one before. */
export class Live {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #flags: LiveFlags;
  #second = 0;
  #next: number;
  #last: number;
  #drawn = 0;

  constructor(terminal: Terminal, clock: Clock, flags: LiveFlags) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#flags = flags;
    this.#last = clock.monotonic();
    this.#next = this.#last + SECOND_MS;
  }

  /** Shows a second when one is over; `of` is asked then, with how long it really was. */
  tick(of: (seconds: number) => SecondText): void {
    const now = this.#clock.monotonic();
    if (now < this.#next) return;
    const { text, json } = of((now - this.#last) / SECOND_MS);
    this.#second++;
    this.#last = now;
    this.#next = Math.max(this.#next + SECOND_MS, now);
    const { terminal, flags } = { terminal: this.#terminal, flags: this.#flags };
    if (flags.progress && flags.json) {
      return terminal.stdout(jsonLine({ type: "second", second: this.#second, ...json }));
    }
    const line = `${String(this.#second).padStart(4)} s  ${text}`;
    if (flags.progress) return terminal.stderr(`${line}\n`);
    if (!terminal.stderrIsTerminal) return;
    terminal.stderr(`\r${line.padEnd(this.#drawn)}`);
    this.#drawn = line.length;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#drawn > 0) this.#terminal.stderr(`\r${" ".repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }
}
