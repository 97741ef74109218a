/** A bounded number of things under way: who finds no room waits, first come first served. */
export class Room {
  #free: number;
  readonly #all: number;
  readonly #waiting: { n: number; enter: () => void }[] = [];

  constructor(all: number) {
    this.#all = all;
    this.#free = all;
  }

  /** Takes `n` units, more than there are counts as all of them; the result gives them back. */
  async take(n: number): Promise<() => void> {
    const taken = Math.min(n, this.#all);
    if (this.#waiting.length > 0 || this.#free < taken) {
      await new Promise<void>((enter) => this.#waiting.push({ n: taken, enter }));
    } else this.#free -= taken;
    return () => this.#give(taken);
  }

  #give(n: number): void {
    this.#free += n;
    while (this.#waiting.length > 0 && this.#waiting[0].n <= this.#free) {
      const { n: taken, enter } = this.#waiting.shift()!;
      this.#free -= taken;
      enter();
    }
  }
}
