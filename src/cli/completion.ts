import type { Lines } from "../admin/lines.ts";
import { nearest } from "../base/nearest.ts";
import { sleep } from "../base/together.ts";
import { reaching } from "./admin/reach.ts";
import { CLUSTER_FLAGS } from "./cluster.ts";
import type { Command, Context } from "./command.ts";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { namesOf } from "./completion/names.ts";
import { type Place, placesOf } from "./completion/places.ts";
import { zshScript } from "./completion/zsh.ts";
import { Exit, UsageError } from "./exit.ts";
import { NODE_FLAGS } from "./node_flags.ts";
import { verb } from "./verb.ts";

/** Somebody waits with a finger on the key. */
const NAMES_MS = 1_000;

const SHELLS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `pocketmq completion`, of all commands of the program. */
export function completionOf(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    usage: "bash | zsh | fish",
    summary: "Print a script that has a shell complete commands, flags, topics, groups and brokers",
    help: `
Words, flags and their choices are in the script; topics, groups and addresses of brokers
are asked of the cluster when they are needed, for at most 1 s: of the one that
-n, --namesrvAddr on the line names, else NAMESRV_ADDR.

Examples:
  source <(pocketmq completion bash)
  pocketmq completion bash > ~/.local/share/bash-completion/completions/pocketmq
  pocketmq completion zsh > "\${fpath[1]}/_pocketmq"
  pocketmq completion fish > ~/.config/fish/completions/pocketmq.fish
`,
    ...verb({
      flags: { namesrvAddr: CLUSTER_FLAGS.namesrvAddr },
      words: [
        { what: "a shell: bash, zsh or fish", choices: Object.keys(SHELLS) },
        { what: "what is asked for", optional: true },
      ],
      async run(context, { flags, words: [shell, kind] }) {
        if (shell === "names") return await names(context, kind, flags.namesrvAddr || undefined);
        if (kind !== undefined) throw new UsageError(`completion does not take "${kind}"`);
        if (!Object.hasOwn(SHELLS, shell)) {
          const meant = nearest(shell, Object.keys(SHELLS));
          const hint = meant ? `did you mean ${meant}?` : "it must be bash, zsh or fish";
          throw new UsageError(`unknown shell "${shell}", ${hint}`);
        }
        context.terminal.stdout(SHELLS[shell](placesOf(commands(), NODE_FLAGS)));
        return Exit.OK;
      },
    }),
  };
}

/** What the scripts ask for. Whatever goes wrong, a shell's line stays as it is. */
async function names(
  context: Context,
  kind: string | undefined,
  namesrvAddr: string | undefined,
): Promise<number> {
  if (kind !== "topic" && kind !== "group" && kind !== "broker") return Exit.FAILED;
  const quiet: Context = { ...context, terminal: { ...context.terminal, stderr() {} } };
  const ask = async (lines: Lines): Promise<number> => {
    const all = await namesOf(kind, lines);
    context.terminal.stdout(all.map((name) => `${name}\n`).join(""));
    return Exit.OK;
  };
  const late = sleep(context.runtime.clock, NAMES_MS).then(() => Exit.TIMEOUT);
  return await Promise.race([reaching(quiet, { namesrvAddr }, ask), late])
    .catch(() => Exit.FAILED);
}
