/** A file that `Handles` may close while nobody uses it. */
export interface Closable {
  used: boolean;
  close(): void;
}

/**
 * Bounds how many files are open. A file that was used since the hand last passed it is passed over once
 * (the clock algorithm), so using an open file costs setting one flag.
 */
export class Handles {
  /** A sync of one of the files failed: of what was written before, nobody knows what the disk has. */
  distrusted = false;
  readonly #max: number;
  readonly #onSyncFailed: (() => void) | undefined;
  readonly #open: Closable[] = [];
  #hand = 0;

  constructor(max: number, onSyncFailed?: () => void) {
    this.#max = max;
    this.#onSyncFailed = onSyncFailed;
  }

  syncFailed(): void {
    this.distrusted = true;
    this.#onSyncFailed?.();
  }

  /** Counts a file as open; another one is closed when they are too many. */
  opened(file: Closable): void {
    if (this.#open.length < this.#max) {
      this.#open.push(file);
      return;
    }
    while (this.#open[this.#hand].used) {
      this.#open[this.#hand].used = false;
      this.#turn();
    }
    this.#open[this.#hand].close();
    this.#open[this.#hand] = file;
    this.#turn();
  }

  /** Forgets a file that its owner closes. */
  closed(file: Closable): void {
    const at = this.#open.indexOf(file);
    if (at < 0) return;
    this.#open.splice(at, 1);
    if (this.#hand >= this.#open.length) this.#hand = 0;
  }

  closeAll(): void {
    for (const file of this.#open) file.close();
    this.#open.length = 0;
    this.#hand = 0;
  }

  #turn(): void {
    this.#hand = (this.#hand + 1) % this.#open.length;
  }
}
