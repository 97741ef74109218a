/** What part of a store something was found in. */
export type Part = "log" | "queue" | "index" | "checkpoint" | "table";

/** Something that is not as it should be. */
export interface Finding {
  readonly part: Part;
  /** "note": nothing is lost by it and the next start puts it right, or need not; but see `lasting`. */
  readonly kind: "problem" | "note";
  /** A file, or a queue and entry. */
  readonly where: string;
  /** The place in the log it is about. */
  readonly logOffset: number | undefined;
  readonly text: string;
}

/** Collects what was found: counts all, keeps the first of each part. */
export class Findings {
  readonly kept: Finding[] = [];
  /** `problem` and `note` of each part, all that there were. */
  readonly counts = new Map<string, number>();
  problems = 0;
  notes = 0;
  /** Notes of what no start mends. */
  lasting = 0;
  readonly #keep: number;

  /** `keep` of each part and kind are kept. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  add(
    kind: Finding["kind"],
    part: Part,
    where: string,
    text: string,
    logOffset: number | undefined = undefined,
  ): void {
    const key = `${part} ${kind}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (kind === "problem") this.problems++;
    else this.notes++;
    if (count <= this.#keep) this.kept.push({ part, kind, where, text, logOffset });
  }

  /** A note of what no start mends. */
  addLasting(part: Part, where: string, text: string, logOffset: number): void {
    this.lasting++;
    this.add("note", part, where, text, logOffset);
  }

  of(part: Part, kind: Finding["kind"]): number {
    return this.counts.get(`${part} ${kind}`) ?? 0;
  }
}
