import type { Finding } from "../store/inspect/findings.ts";
import { StoredStore, type StorePlace } from "../store/inspect/stored.ts";
import { type Verdict, verifyStore } from "../store/inspect/verify.ts";
import type { Context } from "./command.ts";
import { Exit } from "./exit.ts";
import { Progress } from "./progress.ts";
import { tableOf } from "./table.ts";
import { countText } from "./units.ts";

/** Findings of each part that are shown. */
const SHOWN = 20;

/** What the flags of `log verify` say. */
export interface VerifyFlags {
  readonly json: boolean;
  /** Notes count as problems. */
  readonly strict: boolean;
  readonly limit: number | undefined;
}

/** `pocketmq log verify` */
export function verify(
  { runtime, terminal }: Pick<Context, "runtime" | "terminal">,
  place: StorePlace,
  { json, strict, limit = SHOWN }: VerifyFlags,
): number {
  using store = new StoredStore(place);
  const progress = new Progress(terminal, store.log.length * store.log.fileBytes);
  let verdict: Verdict;
  try {
    verdict = verifyStore(store, runtime.codecs, {
      keep: limit,
      progress: (done) => progress.at(done),
    });
  } finally {
    progress.end();
  }
  const { problems, notes } = verdict.findings;
  const isGood = problems === 0 && (!strict || notes === 0);
  const path = (place.root ?? place.logDirs[0]).path;
  terminal.stdout(json ? verdictJson(path, verdict, isGood) : verdictText(path, verdict));
  return isGood ? Exit.OK : Exit.REFUSED;
}

/** One line of JSON for each finding, then one for the whole store. */
function verdictJson(path: string, verdict: Verdict, ok: boolean): string {
  const { findings, ...parts } = verdict;
  const { problems, notes, lasting } = findings;
  const whole = { store: path, ok, ...parts, problems, notes, lasting };
  const lines: unknown[] = [...findings.kept, whole];
  return lines.map((line) => JSON.stringify(line) + "\n").join("");
}

function verdictText(
  path: string,
  { findings, log, queues, index, tables, isOpen }: Verdict,
): string {
  const head = `${path}${isOpen ? ", which a broker has open or did not close" : ""}\n`;
  const parts = tableOf([
    [
      "log",
      `${countText(log.files, "file")} of ${log.fileBytes} bytes`,
      `${log.records} whole records from ${log.min} to ${log.end}`,
    ],
    ["queues", String(queues.count), `${queues.goodEntries} entries fit their records`],
    ["index", countText(index.files, "file"), `${index.goodItems} items fit their records`],
    ["tables", String(tables), "can be read"],
  ], "  ");
  return head + parts + findingsText(findings.kept) + moreText(findings.counts, findings.kept) +
    endText(findings);
}

function findingsText(kept: readonly Finding[]): string {
  const sorted = [...kept].sort((a, b) => Number(a.kind === "note") - Number(b.kind === "note"));
  return tableOf(
    sorted.map(({ kind, part, where, text }) => [
      kind === "problem" ? "PROBLEM" : "note",
      part,
      `${where}: ${text}`,
    ]),
  );
}

function moreText(counts: ReadonlyMap<string, number>, kept: readonly Finding[]): string {
  let text = "";
  for (const [key, count] of counts) {
    const shown = kept.filter(({ part, kind }) => key === `${part} ${kind}`).length;
    if (count > shown) text += `and ${count - shown} more like ${key}\n`;
  }
  return text;
}

function endText({ problems, notes, lasting }: Verdict["findings"]): string {
  const noted = countText(notes, "note");
  if (problems > 0) return `${countText(problems, "problem")}, ${noted}\n`;
  if (notes === 0) return "All fits\n";
  if (lasting === 0) return `No problem; ${noted}: the next start sees to it\n`;
  const stays = lasting === notes ? "which no start mends" : `${lasting} of which no start mends`;
  return `No problem; ${noted}, ${stays}\n`;
}
