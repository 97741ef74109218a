import { type Log, reasonOf } from "../base/log.ts";

/** Those who want to hear of a log's end. Whatever one of them does, the others hear it too. */
export class Listeners {
  readonly #report: Log;
  readonly #list: ((end: number) => void)[] = [];

  constructor(report: Log) {
    this.#report = report;
  }

  /** Gives the way to stop it. */
  add(fn: (end: number) => void): () => void {
    const list = this.#list;
    list.push(fn);
    return () => {
      const at = list.indexOf(fn);
      if (at >= 0) list.splice(at, 1);
    };
  }

  tell(end: number): void {
    for (const fn of this.#list) {
      try {
        fn(end);
      } catch (error) {
        this.#report.error("a follower of the log failed", { reason: reasonOf(error) });
      }
    }
  }
}
