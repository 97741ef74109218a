import { type Paint, plain } from "../colour.ts";
import { Exit } from "../exit.ts";
import { countText } from "../units.ts";
import { answering, type Facts, type Finding } from "./facts.ts";

const WIDTH = 92;

/** What was looked at, then each finding with what to do next. `program` is how a person starts this one. */
export function findingsText(
  findings: readonly Finding[],
  facts: Facts,
  program: string,
  paint: Paint = plain,
): string {
  const ours = (next: string) => next.replace(/^pocketmq /, `${program} `);
  const blocks = findings.map(({ level, text, next }, i) => {
    const mark = level === "note" ? paint.yellow : paint.red;
    const lines = wrap(`${i + 1}. ${level === "note" ? "(no fault) " : ""}${text}`, "   ");
    const [first] = lines.split(" ", 1);
    return `${mark(first)}${lines.slice(first.length)}\n${
      next.map((one) => `   -> ${ours(one)}\n`).join("")
    }\n`;
  });
  const bad = findings.filter(({ level }) => level === "wrong").length;
  const verdict = bad === 0
    ? paint.green("Nothing is wrong.")
    : paint.red(`${countText(bad, "thing")} ${bad === 1 ? "is" : "are"} wrong.`);
  return `${lookedAt(facts)}\n\n${blocks.join("")}${verdict}\n`;
}

/** One JSON object a line, a finding each; none when there is nothing to say. */
export function findingsJson(findings: readonly Finding[]): string {
  return findings.map((finding) => JSON.stringify(finding) + "\n").join("");
}

/** 1 when nobody could be asked, 3 when something is wrong. */
export function exitOf(findings: readonly Finding[], facts: Facts): number {
  if (answering(facts).length === 0) return Exit.FAILED;
  return findings.some(({ level }) => level === "wrong") ? Exit.UNHEALTHY : Exit.OK;
}

function lookedAt({ namesrvs, brokers, groups, topic }: Facts): string {
  const parts = [countText(namesrvs.length, "name server"), countText(brokers.length, "broker")];
  const more = topic === undefined
    ? ""
    : `, topic "${topic}" and ${countText(groups.length, "group")} that ${
      groups.length === 1 ? "reads" : "read"
    } it`;
  return `Looked at ${parts.join(", ")}${more}.`;
}

/** Lines of a width that people read, the second and later ones behind `indent`. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
