import { tableOf } from "../table.ts";
import type { MqadminCommand, MqadminFlag } from "./command.ts";
import { COMMON } from "./flags.ts";

const PAGE = 96;
/** More choices than these are told by what the flag means. */
const CHOICES_SHOWN = 4;
const NAMED = { topic: "TOPIC", group: "GROUP", broker: "ADDR", folder: "DIR", file: "FILE" };

/** What the help of `pocketmq admin` has behind its usage line: all commands, a line each. */
export function listText(commands: Readonly<Record<string, MqadminCommand>>): string {
  const rows = Object.entries(commands).map(([name, { summary, unsupported }]) => [
    name,
    unsupported === undefined ? summary : `${summary} (not supported yet)`,
  ]);
  return `
${tableOf(rows, "  ")}
More: pocketmq admin NAME --help, for flags and examples of one

Exit codes: 0 done, 1 refused, no such thing or not supported, 2 the command line is
wrong, 3 a message is stored with less than is configured or a group's clients do not
get on, 124 no answer in time. mqadmin ends with 0 whatever happens.

Examples:
  pocketmq admin clusterList -n 10.0.0.1:9876
  pocketmq admin updateTopic -n 10.0.0.1:9876 -c DefaultCluster -t orders -r 16 -w 16
  pocketmq admin topicStatus -t orders --json
`;
}

/** What `pocketmq admin NAME --help` prints. */
export function helpText(name: string, command: MqadminCommand): string {
  const { summary, flags, oneOf = [], examples, unsupported } = command;
  const all = { ...flags, ...COMMON };
  const usage = Object.entries(all).map(([long, flag]) => {
    const text = `-${flag.letter} ${valueOf(flag)}`.trimEnd();
    return flag.required ? text : oneOf.includes(long) ? `(${text})` : `[${text}]`;
  });
  const rows = Object.entries(all).map(([long, flag]) => [
    `-${flag.letter}, --${long} ${valueOf(flag)}`.trimEnd(),
    flag.meaning + (flag.required ? "; needed" : "") +
    (flag.unsupported === undefined ? "" : `; not supported: ${flag.unsupported}`),
  ]);
  const either = oneOf.map((long) => `-${all[long].letter}`).join(" or ");
  return `${summary}.

${wrapped(`Usage: pocketmq admin ${name}`, usage)}
${unsupported === undefined ? "" : `Not supported yet: ${unsupported}.\n\n`}${
    tableOf([...rows, ["    --json", "one JSON object a line"]], "  ")
  }${either && `\nExactly one of ${either} must be given.\n`}
Examples:
${examples.map((line) => `  pocketmq admin ${line}\n`).join("")}`;
}

/** What stands for a flag's value; empty for a switch. */
function valueOf({ kind, names, choices = [] }: MqadminFlag): string {
  if (kind === "switch") return "";
  if (kind === "count") return "N";
  if (kind === "truth") return "true|false";
  if (names !== undefined) return NAMED[names];
  return choices.length > 0 && choices.length <= CHOICES_SHOWN ? choices.join("|") : "TEXT";
}

function wrapped(start: string, words: readonly string[]): string {
  let text = start;
  let width = start.length;
  for (const word of words) {
    const isFull = width + 1 + word.length > PAGE;
    text += isFull ? `\n    ${word}` : ` ${word}`;
    width = isFull ? 4 + word.length : width + 1 + word.length;
  }
  return text + "\n";
}
