import type { Command } from "./command.ts";
import { Exit } from "./exit.ts";
import { verb } from "./verb.ts";

/** The version of this program, the same as in deno.json and package.json. */
export const VERSION = "0.1.0";

/** `pocketmq version` */
export const version: Command = {
  name: "version",
  usage: "[--json]",
  summary: "Print the version, and the runtime it runs on",
  help: `
Examples:
  pocketmq version
  pocketmq version --json
`,
  ...verb({
    flags: { json: { kind: "switch" } },
    words: [],
    run({ runtime, terminal }, { flags }) {
      const facts = { version: VERSION, runtime: runtime.name, runtimeVersion: runtime.version };
      terminal.stdout(
        flags.json
          ? JSON.stringify(facts) + "\n"
          : `pocketmq ${facts.version} (${facts.runtime} ${facts.runtimeVersion})\n`,
      );
      return Promise.resolve(Exit.OK);
    },
  }),
};
