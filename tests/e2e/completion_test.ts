/** What TAB gives in a real shell that has read `pocketmq completion`. */
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { runPocketmq } from "../support/binary.ts";
import { Shell } from "../support/shell.ts";

const ALL = "\x1b*"; // readline: put in all that fits

/** Knows two topics and a broker; else says what it was called with. */
const PROGRAM = `
if [ "$1 $2" = "completion names" ]; then
  echo "$@" >> asked
  case $3 in topic) echo orders; echo orders-old;; group) echo billing;; *) echo 10.0.0.5:10911;; esac
  echo noise >&2
  exit
fi
printf 'CALLED'; printf ' %s' "$@"; echo ' END'`;

/** What is typed, and what stands there then: in every shell. */
const TYPED = [
  ["pocketmq topic ro\t", "pocketmq topic route"],
  ["pocketmq to\tro\tord\t-o\t --js\t", "pocketmq topic route orders-old --json"],
  ["pocketmq namesrv kv pu\t", "pocketmq namesrv kv put"],
  ["pocketmq topic perm -b 10.0.0.5:1\t", "pocketmq topic perm -b 10.0.0.5:10911"],
  ["pocketmq topic perm --broker=10\t", "pocketmq topic perm --broker=10.0.0.5:10911"],
  ["pocketmq offset get bil\tor\t", "pocketmq offset get billing orders"],
  ["pocketmq consume orders --gro\tb\t--fol\t", "pocketmq consume orders --group billing --follow"],
  ["pocketmq group create g --consume y\t", "pocketmq group create g --consume yes"],
  ["pocketmq -c bro\t", "pocketmq -c broker.conf"],
  ["pocketmq log stat sto\t", "pocketmq log stat store"],
  ["pocketmq --brokerRole SL\t", "pocketmq --brokerRole SLAVE"],
  ["pocketmq --logFormat=js\t", "pocketmq --logFormat=json"],
  ["pocketmq admin clusterL\t", "pocketmq admin clusterList"],
  ["pocketmq help top\t", "pocketmq help topic"],
  ["pocketmq topic list x\t", "pocketmq topic list x"],
] as const;

const start = async (name: string, commandLine: string): Promise<Shell> => {
  const { stdout } = await runPocketmq(["completion", name]);
  const shell = new Shell(commandLine, PROGRAM);
  writeFileSync(join(shell.folder, "script"), stdout);
  writeFileSync(join(shell.folder, "broker.conf"), "");
  mkdirSync(join(shell.folder, "store"));
  return shell;
};

const called = async (shell: Shell, typed: string): Promise<string> =>
  `pocketmq${await shell.types(`${typed}\n`, /CALLED(.*) END/)}`.trimEnd().replace(/\/$/, "");

test("bash completes words, flags, choices, files and names of the cluster", async () => {
  await using shell = await start("bash", "bash --norc --noprofile -i");
  await shell.types("bind 'set bell-style none'; source ./script; echo rea''dy\n", /(ready)/);
  for (const [typed, wanted] of TYPED) assertEquals(await called(shell, typed), wanted);
  for (
    const [typed, wanted] of [
      [`pocketmq completion ${ALL}`, "pocketmq completion bash fish zsh"],
      [`pocketmq topic perm orders ${ALL}`, "pocketmq topic perm orders R RW W none"],
    ]
  ) assertEquals(await called(shell, typed), wanted);

  await called(shell, "pocketmq topic route -n '10.0.0.1:9876;10.0.0.2:9876' or\t");
  const asked = await shell.types("tail -n 1 asked\n", /(completion names .*)\r\n/);
  assertEquals(asked, "completion names topic --namesrvAddr=10.0.0.1:9876;10.0.0.2:9876");
});

// Other shells only where they are installed; their scripts are a golden text, too, see completion_test.ts of the unit tests.
if (isInstalled("zsh")) {
  test("zsh completes words, flags, choices, files and names of the cluster", async () => {
    await using shell = await start("zsh", "ZDOTDIR=. zsh -d -i");
    const ready = "autoload -U compinit; compinit -D -u; source ./script; echo rea''dy\n";
    await shell.types(ready, /(ready)/);
    for (const [typed, wanted] of TYPED) assertEquals(await called(shell, typed), wanted);
  });
}

if (isInstalled("fish")) {
  test("fish completes words, flags, choices, files and names of the cluster", async () => {
    await using shell = await start("fish", "sh");
    for (
      const [line, offered] of [
        ["pocketmq topic ro", "route"],
        ["pocketmq namesrv kv p", "put"],
        ["pocketmq topic route ord", "orders orders-old"],
        ["pocketmq topic route orders --js", "--json"],
        ["pocketmq topic perm orders R", "R RW"],
        ["pocketmq topic perm -b 10.0.0.5:1", "10.0.0.5:10911"],
        ["pocketmq topic perm --broker=10", "--broker=10.0.0.5:10911"],
        ["pocketmq offset get billing orders-", "orders-old"],
        ["pocketmq -c bro", "broker.conf"],
        ["pocketmq log stat sto", "store/"],
        ["pocketmq --brokerRole SL", "SLAVE"],
        ["pocketmq topic list x", ""],
      ]
    ) {
      const asks = `source script; echo FIRST; complete -C "${line}"; echo LAST`;
      const said = await shell.types(
        `fish --no-config -c '${asks}'\n`,
        /FIRST\r?\n([^]*?)LAST\r?\n/,
      );
      const words = said.split(/\r?\n/).map((each) => each.split("\t")[0]).filter((each) =>
        each !== ""
      );
      assertEquals(words.join(" "), offered, line);
    }
  });
}

function isInstalled(name: string): boolean {
  return spawnSync(name, ["--version"]).status === 0;
}
