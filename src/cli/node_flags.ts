import { options } from "../broker/config.ts";
import type { Flag } from "./args.ts";
import { LOG_FORMATS } from "./logging.ts";

/** What a node takes, for a shell that completes words. */
export const NODE_FLAGS: Readonly<Record<string, Flag>> = {
  namesrv: { kind: "switch" },
  master: { kind: "switch" },
  slave: { kind: "switch" },
  c: { kind: "text", names: "file" },
  logFormat: { kind: "text", choices: LOG_FORMATS },
  ...Object.fromEntries(
    Object.entries(options).map(([key, { flag }]): [string, Flag] => [
      key,
      { kind: "text", ...flag ? { choices: ["true", "false"] } : {} },
    ]),
  ),
  brokerRole: { kind: "text", choices: ["ASYNC_MASTER", "SYNC_MASTER", "SLAVE"] },
  flushDiskType: { kind: "text", choices: ["ASYNC_FLUSH", "SYNC_FLUSH"] },
  storePathRootDir: { kind: "text", names: "folder" },
  namesrvAddr: { kind: "text", letter: "n" },
};

/** A command line whose flags are a command's own, and those of a node. */
export interface Parted {
  readonly own: readonly string[];
  /** For `parseNode`, which knows none of ours. */
  readonly others: readonly string[];
}

/** Tells a command's own flags, with their values, from what belongs to a node. */
export function parted(args: readonly string[], flags: Readonly<Record<string, Flag>>): Parted {
  const own: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const flag = flagOf(args[i], flags);
    (flag === undefined ? others : own).push(args[i]);
    const hasValue = flag !== undefined && flag.kind !== "switch" && !args[i].includes("=");
    if (hasValue && i + 1 < args.length) own.push(args[++i]);
  }
  return { own, others };
}

function flagOf(arg: string, flags: Readonly<Record<string, Flag>>): Flag | undefined {
  const [given] = arg.split("=");
  return Object.entries(flags).find(([name, { letter }]) =>
    given === `--${name}` || (letter !== undefined && given === `-${letter}`)
  )?.[1];
}
