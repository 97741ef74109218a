import { reasonOf } from "../base/log.ts";
import { type Client, connect } from "../client/client.ts";
import { nameServersIn } from "../client/name_servers.ts";
import type { Context } from "./command.ts";
import { UsageError } from "./exit.ts";
import { openLog } from "./logging.ts";

/** Flags of every command that talks to a cluster. */
export const CLUSTER_FLAGS = {
  namesrvAddr: { kind: "text", letter: "n" },
  json: { kind: "switch" },
} as const;

/** Words of such commands. */
export const TOPIC = { what: "a topic", kind: "topic" } as const;
export const GROUP = { what: "a group", kind: "group" } as const;

/** Lines of the flags in a help text. */
export const CLUSTER_HELP =
  `  -n, --namesrvAddr A:P;B:P   name servers; default NAMESRV_ADDR, else 127.0.0.1:9876
  --json                      one JSON object a line
`;

/** The name servers that the flags or the environment name. @throws {UsageError} */
export function nameServersOf(
  { terminal }: Pick<Context, "terminal">,
  { namesrvAddr }: { readonly namesrvAddr: string | undefined },
): string[] {
  try {
    return nameServersIn(namesrvAddr ?? (terminal.env.NAMESRV_ADDR || "127.0.0.1:9876"));
  } catch (error) {
    throw new UsageError(reasonOf(error));
  }
}

/** A client of the cluster that the flags or the environment name. Close it. @throws {UsageError} */
export function connectTo(
  context: Context,
  flags: { readonly namesrvAddr: string | undefined },
): Client {
  const { runtime, terminal } = context;
  const namesrvAddr = nameServersOf(context, flags).join(";");
  const log = openLog((line) => terminal.stderr(line), "text", "warning");
  return connect(runtime, { namesrvAddr, log });
}
