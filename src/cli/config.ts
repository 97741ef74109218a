import { parseFlags, parseNode } from "./args.ts";
import type { Command, Context } from "./command.ts";
import { confLines } from "./conf_file.ts";
import { confText, settingsJson, sourcesText } from "./config/config_text.ts";
import { type Setting, settingsOf } from "./config/effective.ts";
import { Exit, UsageError } from "./exit.ts";
import { NODE_FLAGS, parted } from "./node_flags.ts";
import { configure } from "./serve.ts";
import { countText } from "./units.ts";
import type { Verb } from "./verb.ts";

/** What these verbs take beside what a node takes. */
const PRINT_FLAGS = {
  source: { kind: "switch" },
  changed: { kind: "switch" },
  json: { kind: "switch" },
} as const;
const CHECK_FLAGS = { json: { kind: "switch" } } as const;

const print: Verb = {
  flags: { ...PRINT_FLAGS, ...NODE_FLAGS },
  words: [],
  run(context, args) {
    const { own, others } = parted(args, PRINT_FLAGS);
    const { flags } = parseFlags(own, PRINT_FLAGS);
    if (flags.source && flags.json) throw new UsageError("--json says the source of each anyway");
    const { node, settings, warnings } = look(context, others);
    const shown = flags.changed ? settings.filter(({ changed }) => changed) : settings;
    context.terminal.stdout(
      flags.json ? settingsJson(shown) : flags.source ? sourcesText(shown) : confText(shown, node),
    );
    warn(context, warnings);
    return Promise.resolve(Exit.OK);
  },
};

const check: Verb = {
  flags: { ...CHECK_FLAGS, ...NODE_FLAGS },
  words: [],
  run(context, args) {
    const { own, others } = parted(args, CHECK_FLAGS);
    const { flags } = parseFlags(own, CHECK_FLAGS);
    const { node, settings, warnings } = look(context, others);
    const changed = settings.filter((setting) => setting.changed).length;
    const what = node.file ?? "this node";
    const said = warnings.length === 0 ? "nothing to say" : countText(warnings.length, "warning");
    context.terminal.stdout(
      flags.json
        ? JSON.stringify({ usable: true, changed, warnings }) + "\n"
        : `${what} can be started: ${said}, ${
          countText(changed, "value")
        } other than the default\n`,
    );
    if (!flags.json) warn(context, warnings);
    return Promise.resolve(warnings.length === 0 ? Exit.OK : Exit.UNHEALTHY);
  },
};

/** `pocketmq config` */
export const config: Command = {
  name: "config",
  usage: "print | check  [--namesrv | --master | --slave] [-c FILE] [--KEY VALUE ...]",
  summary: "Show with which settings a node would run, and where each comes from",
  help: `
  print             the settings of the node that would run if "config print" were left out
                    of the line: as a file that starts the same node
    --source        as a table: where each value comes from, the line of a file, too
    --changed       only what is not as by default
    --json          one JSON object a line, the source in it
  check             whether such a node could be started

Nothing is opened and nobody is asked. A KEY is looked for on the command line, then in the
environment, then in the file; pocketmq --master --help lists them all. Warnings, as of a
key that is unknown, are on stderr; what stops a node is an error here, too.

Exit codes: 0 done, 2 a node would not start with it, 3 check has a warning.

Examples:
  pocketmq config print --source --changed -c /etc/rocketmq/broker.conf
  pocketmq config print --slave --namesrvAddr 10.0.0.1:9876 > broker.conf
  pocketmq config print --master --json | jq -r 'select(.from != "default").key'
  pocketmq config check -c broker.conf
`,
  verbs: { print, check },
};

function look(
  context: Context,
  args: readonly string[],
): { node: ReturnType<typeof parseNode>; settings: Setting[]; warnings: readonly string[] } {
  const { runtime, terminal: { env } } = context;
  const node = parseNode(args);
  const configured = configure(node, context);
  const lines = node.file === undefined ? new Map() : confLines(runtime.fs, node.file);
  const given = { node, env, lines, addresses: runtime.addresses() };
  return { node, settings: settingsOf(configured, given), warnings: configured.warnings };
}

function warn({ terminal }: Context, warnings: readonly string[]): void {
  for (const warning of warnings) terminal.stderr(`pocketmq: warning: ${warning}\n`);
}
