/** What docs/operations.md tells people to try is tried, as it stands there. */
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "../harness.ts";
import { commandOf, runPocketmq } from "../support/binary.ts";
import { freePorts } from "../support/free_ports.ts";
import { tempDir } from "../support/temp.ts";

const GUIDE = new URL("../../docs/operations.md", import.meta.url);

/** What still runs when the program breaks off. */
const END_ALL = `trap '[ $? -eq 0 ] || kill -9 $(cat ./*.pid) 2> /dev/null' EXIT`;

test("a failover by hand, the way back and a backup go as the guide has them", async () => {
  using folder = tempDir();
  const end = await runGuide("### Try it here", folder.path);
  assertEquals(end.code, 0, end.stderr + end.stdout);
  const consumed = [...end.stdout.matchAll(/^(one|two|three)$/gm)].map(([line]) => line);
  assertEquals(consumed.slice(0, 1), ["one"], end.stdout); // read from the slave
  assertEquals(consumed.slice(1).sort(), ["one", "three", "two"], end.stdout);
  assert(end.stdout.includes("exit code 3: stored, on one node"), end.stdout);
  assert(/^Equal from 0 to \d+$/m.test(end.stdout), end.stdout);
});

/** Runs the program below a heading, on free ports. */
async function runGuide(heading: string, folder: string) {
  const text = readFileSync(GUIDE, "utf8");
  const script = /```sh\n([^]*?)```/.exec(text.slice(text.indexOf(heading)))![1];
  let onFreePorts = script;
  for (const port of new Set(script.match(/\b1[0-9]{4}\b/g))) {
    onFreePorts = onFreePorts.replaceAll(port, String(await freePorts()));
  }
  const program = join(folder, "bin/pocketmq");
  mkdirSync(dirname(program));
  const words = commandOf().map((word) => `'${word}'`).join(" ");
  writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  const file = join(folder, "guide.sh");
  writeFileSync(file, `set -e\n${END_ALL}\nPATH=$PWD/bin:$PATH\n${onFreePorts}`);
  const command = ["bash", file];
  return await runPocketmq([], { command, workDir: folder, endsWithinMs: 120_000 });
}
