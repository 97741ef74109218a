import type { Context } from "./command.ts";

/** Flag of commands that take something away for good. */
export const YES_FLAG = { yes: { kind: "switch", letter: "y" } } as const;

/** Its line in a help text. */
export const YES_HELP =
  `  -y, --yes                   do not ask; without a person at a terminal nobody is asked
`;

/** Whether it shall be done: asked on a terminal, unless --yes says so already. */
export async function confirmed(
  { terminal }: Pick<Context, "terminal">,
  { yes }: { readonly yes: boolean },
  question: string,
): Promise<boolean> {
  if (yes || !terminal.stdinIsTerminal || !terminal.stderrIsTerminal) return true;
  terminal.stderr(`${question} [y/N] `);
  const answer = await terminal.line();
  if (/^\s*y(es)?\s*$/i.test(answer ?? "")) return true;
  terminal.stderr("pocketmq: nothing was changed\n");
  return false;
}
