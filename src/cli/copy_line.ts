import type { CopyProgress, OnProgress } from "../ha/watch.ts";
import type { Terminal } from "../ports/host.ts";
import { bytesText, durationText } from "./units.ts";

/** The last line of a terminal, which shows how far slaves of this process copy their masters' logs. */
export class CopyLine {
  readonly #terminal: Pick<Terminal, "stderr" | "stderrIsTerminal">;
  readonly #copies = new Map<string, string>(); // by slave
  #drawn = "";

  constructor(terminal: Pick<Terminal, "stderr" | "stderrIsTerminal">) {
    this.#terminal = terminal;
  }

  /** Where a slave shows its progress; undefined without a terminal: then its log says it. */
  of(slave: string): OnProgress | undefined {
    if (!this.#terminal.stderrIsTerminal) return undefined;
    return (progress) => {
      if (progress) this.#copies.set(slave, `${slave} ${copyText(progress)}`);
      else this.#copies.delete(slave);
      this.#draw();
    };
  }

  /** Writes a line of the log above it. */
  log(line: string): void {
    this.#terminal.stderr(this.#drawn === "" ? line : `${this.#blank()}${line}${this.#drawn}`);
  }

  #draw(): void {
    const text = [...this.#copies.values()].join("; ");
    if (text === this.#drawn) return;
    const blank = this.#blank();
    this.#drawn = text;
    this.#terminal.stderr(blank + text);
  }

  #blank(): string {
    return this.#drawn === "" ? "" : `\r${" ".repeat(this.#drawn.length)}\r`;
  }
}

/** `copies 1.2 GiB of 3.4 GiB (35 %), 210 MiB/s, 11 s left` */
export function copyText({ done, total, bytesPerSecond, secondsLeft }: CopyProgress): string {
  const percent = total > 0 ? Math.floor(100 * done / total) : 100;
  const left = secondsLeft === undefined ? "" : `, ${durationText(1000 * secondsLeft)} left`;
  return `copies ${bytesText(done)} of ${bytesText(total)} (${percent} %), ${
    bytesText(bytesPerSecond)
  }/s${left}`;
}
