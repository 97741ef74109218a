import type { OnWork, WorkProgress } from "../broker/broker.ts";
import type { Terminal } from "../ports/host.ts";
import { bytesText, durationText } from "./units.ts";

/** The last line of a terminal, which shows how far brokers of this process recover or copy their logs. */
export class CopyLine {
  readonly #terminal: Pick<Terminal, "stderr" | "stderrIsTerminal">;
  readonly #works = new Map<string, string>(); // by broker
  #drawn = "";

  constructor(terminal: Pick<Terminal, "stderr" | "stderrIsTerminal">) {
    this.#terminal = terminal;
  }

  /** Where a broker shows its progress; undefined without a terminal: then its log says it. */
  of(broker: string): OnWork | undefined {
    if (!this.#terminal.stderrIsTerminal) return undefined;
    return (progress) => {
      if (progress) this.#works.set(broker, `${broker} ${workText(progress)}`);
      else this.#works.delete(broker);
      this.#draw();
    };
  }

  /** Writes a line of the log above it. */
  log(line: string): void {
    this.#terminal.stderr(this.#drawn === "" ? line : `${this.#blank()}${line}${this.#drawn}`);
  }

  #draw(): void {
    const text = [...this.#works.values()].join("; ");
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
export function workText(progress: WorkProgress): string {
  const { work, done, total, bytesPerSecond, secondsLeft } = progress;
  const percent = total > 0 ? Math.floor(100 * done / total) : 100;
  const left = secondsLeft === undefined ? "" : `, ${durationText(1000 * secondsLeft)} left`;
  return `${work} ${bytesText(done)} of ${bytesText(total)} (${percent} %), ${
    bytesText(bytesPerSecond)
  }/s${left}`;
}
