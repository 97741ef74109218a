/** Makes docs/configuration.md from the table of options: `deno task docs`. A test says when that was forgotten. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LIVE_KEYS } from "../../src/broker/admin/live_config.ts";
import { type ConfigKey, options } from "../../src/broker/config.ts";
import { settingText } from "../../src/broker/config_handlers.ts";
import { javaKeys, lackingWhenTrue, refusedWhenTrue } from "../../src/broker/java_keys.ts";

/** Where it lies. */
export const CONFIG_REFERENCE = fileURLToPath(
  new URL("../../docs/configuration.md", import.meta.url),
);

/** Titles, each with the first key of its part: the order is that of the table. */
const PARTS: readonly (readonly [string, ConfigKey])[] = [
  ["Who this node is", "brokerClusterName"],
  ["Where it listens, and how others reach it", "listenPort"],
  ["Registration", "registerNameServerPeriod"],
  ["Topics, groups, clients", "autoCreateTopicEnable"],
  ["Reading", "longPollingEnable"],
  ["Store", "storePathRootDir"],
  ["How long messages stay, and how full a disk may get", "fileReservedTime"],
  ["Delayed messages", "flushDelayOffsetInterval"],
  ["Transactions and request-reply", "rejectTransactionMessage"],
  ["Master and slave", "haMasterAddress"],
];

/** The whole text. @throws {Error} when a part begins with a key that is not there. */
export function configReference(): string {
  const keys = Object.keys(options) as ConfigKey[];
  const starts = PARTS.map(([, first]) => keys.indexOf(first));
  if (starts[0] !== 0 || starts.some((start, i) => i > 0 && start <= starts[i - 1])) {
    throw new Error("PARTS must name the first key of each part, in the order of the options");
  }
  const parts = PARTS.map(([title], i) =>
    `## ${title}\n\n${keysTable(keys.slice(starts[i], starts[i + 1]))}`
  );
  return `${HEAD}\n${parts.join("\n")}\n${unlikeJava(keys)}\n${others()}`;
}

const HEAD = `# Configuration

Every key of a node. This page is made from [src/broker/config.ts](../src/broker/config.ts) by
\`deno task docs\`.

A value is looked for on the command line (\`--brokerName broker-b\`), then in the environment
(\`POCKETMQ_BROKER_NAME\`; \`NAMESRV_ADDR\` for namesrvAddr, too), then in the file given with \`-c\`,
then here. A value that cannot be read is an error that names it, before anything is opened.
\`pocketmq config print --source\` shows what a node would run with, and where each value is from.

Keys marked with * take effect at once when \`pocketmq broker config --set\` or mqadmin's
updateBrokerConfig changes them. All others need a restart, and are refused while the broker runs. A
change goes into the file given with \`-c\`. Where a flag or a variable outranks the file, or there is
none, a restart does not find it: the answer and the log say so.
`;

function keysTable(keys: readonly ConfigKey[]): string {
  const live: readonly ConfigKey[] = LIVE_KEYS;
  return table([
    ["key", "default", "may be", ""],
    ...keys.map((key) => [
      `${code(key)}${live.includes(key) ? " \\*" : ""}`,
      defaultOf(key),
      options[key].wanted.replace("2147483647", "2^31 - 1"),
      options[key].doc,
    ]),
  ]);
}

/** As a file has it; what is derived says so in its own sentence. */
function defaultOf(key: ConfigKey): string {
  const text = settingText(key, options[key].fallback);
  return text === "" ? "" : code(text);
}

function unlikeJava(keys: readonly ConfigKey[]): string {
  const rows = keys.flatMap((key) => {
    const { java } = options[key];
    return java === undefined ? [] : [[code(key), defaultOf(key), java]];
  });
  return `## What is not as in RocketMQ 4.9.7\n\nAll other defaults are Java's.\n\n${
    table([["key", "here", "Java"], ...rows])
  }`;
}

function others(): string {
  const refused = [...refusedWhenTrue].map(([key, why]) => [code(key), `error: ${why}`]);
  const lacking = [...lackingWhenTrue].map(([key, why]) => [code(key), `warning: ${why}`]);
  return `## Keys of Java's broker that are not here

A file written for Java's mqbroker works as it is. Where \`true\` asks for what is not here, that is
said:

${table([["key", "when true"], ...refused, ...lacking])}
These change nothing and are taken without a word: sizes of thread pools and socket buffers that are
not here, and features of later versions.

${paragraph([...javaKeys].sort().map(code))}
Any other key is a warning with the nearest one that is known.
`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Words with commas between, in lines of at most 100 characters. */
function paragraph(words: readonly string[]): string {
  const lines: string[] = [""];
  words.forEach((word, i) => {
    const next = word + (i === words.length - 1 ? "." : ",");
    const last = lines[lines.length - 1];
    if (last.length + next.length >= 100) lines.push(next);
    else lines[lines.length - 1] = last === "" ? next : `${last} ${next}`;
  });
  return lines.join("\n") + "\n";
}

/** A table as the formatter leaves it. */
function table([head, ...rows]: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |\n`;
  return line(cells[0]) + line(widths.map((width) => "-".repeat(width))) +
    cells.slice(1).map(line).join("");
}

if (import.meta.main) writeFileSync(CONFIG_REFERENCE, configReference());
