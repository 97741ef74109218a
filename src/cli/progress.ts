import type { Terminal } from "../ports/host.ts";

const WIDTH = 30;
/** Shorter work is done before a person has read the first bar. */
const WORTH_SHOWING = 1_000;

/** A bar on stderr that shows how far long work is; nothing when that is no terminal. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  readonly #shown: boolean;
  #drawn = "";

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal;
    this.#total = total;
    this.#shown = terminal.stderrIsTerminal && total >= WORTH_SHOWING;
  }

  /** Redraws when there is something new to see. */
  at(done: number): void {
    if (!this.#shown) return;
    const filled = Math.floor(WIDTH * done / this.#total);
    const percent = Math.floor(100 * done / this.#total);
    const bar = `${"#".repeat(filled).padEnd(WIDTH, ".")} ${percent} %`;
    if (bar === this.#drawn) return;
    this.#drawn = bar;
    this.#terminal.stderr(`\r${bar}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#drawn !== "") this.#terminal.stderr(`\r${" ".repeat(this.#drawn.length)}\r`);
    this.#drawn = "";
  }
}
