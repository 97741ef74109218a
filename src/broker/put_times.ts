/** Upper ends of the classes, in ms; what is above the last is in one more. */
const BOUNDS_MS = [
  ...[0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1_000, 2_000, 3_000, 4_000, 5_000, 10_000],
];

/** The classes tools know: name, and where it ends. Source: StoreStatsService. */
const SHOWN: readonly (readonly [name: string, endMs: number])[] = [
  ["<=0ms", 1], // whole ms
  ["0~10ms", 10],
  ["10~50ms", 50],
  ["50~100ms", 100],
  ["100~200ms", 200],
  ["200~500ms", 500],
  ["500ms~1s", 1_000],
  ["1~2s", 2_000],
  ["2~3s", 3_000],
  ["3~4s", 4_000],
  ["4~5s", 5_000],
  ["5~10s", 10_000],
  ["10s~", Infinity],
];

/** How long the log took to take messages in, since the broker started. */
export class PutTimes {
  /** Of the slowest write, in ms. */
  longestMs = 0;
  /** Messages that the log did not take. */
  failed = 0;
  readonly #counts: number[] = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  #total = 0;

  /** A write that took so long had this many messages. */
  add(ms: number, messages: number): void {
    let at = 0;
    while (at < BOUNDS_MS.length && ms >= BOUNDS_MS[at]) at++;
    this.#counts[at] += messages;
    this.#total += messages;
    if (ms > this.longestMs) this.longestMs = ms;
  }

  /** In this many ms so many of a thousand messages were written; 0 without any. */
  withinMs(perMille: number): number {
    let left = Math.ceil(this.#total * perMille / 1000);
    if (left === 0) return 0;
    const at = this.#counts.findIndex((count) => (left -= count) <= 0);
    return Math.min(BOUNDS_MS[at] ?? Infinity, this.longestMs);
  }

  /** The classes with their numbers, as tools read them. */
  get text(): string {
    let text = "";
    let at = 0;
    for (const [name, endMs] of SHOWN) {
      let sum = 0;
      for (; at < this.#counts.length && (BOUNDS_MS[at] ?? Infinity) <= endMs; at++) {
        sum += this.#counts[at];
      }
      text += `[${name}]:${sum} `;
    }
    return text;
  }
}
