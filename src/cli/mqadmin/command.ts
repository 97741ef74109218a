import type { Context } from "../command.ts";

/**
 * Commands with mqadmin's own names and flags, so that a script written for mqadmin runs when `mqadmin` in it
 * becomes `pocketmq admin`. Where the parts are:
 *
 *     command.ts       the shape of one command
 *     flags.ts         reads a command line as mqadmin does
 *     help.ts          the list of commands, and what `admin NAME --help` prints
 *     print.ts         tables with mqadmin's titles, lines of JSON
 *     topics.ts ...    one file a theme: exports a `Readonly<Record<string, MqadminCommand>>`, by mqadmin's names
 *     all.ts           lists the themes; nothing else knows them
 *
 * A command names every flag that mqadmin has for it (a test compares them): one that does nothing here says so
 * by `unsupported`, and using it is an error. -n, -h and our own --json belong to every command and are named by
 * none. stdout has mqadmin's titles and columns in its order, whole values; exit codes say the truth.
 */
export interface MqadminCommand {
  /** One line for the list of commands, and above its help. */
  readonly summary: string;
  /** By long name. */
  readonly flags: Readonly<Record<string, MqadminFlag>>;
  /** Flags of which exactly one must be given. */
  readonly oneOf?: readonly string[];
  /** Command lines to try, without "pocketmq admin". */
  readonly examples: readonly string[];
  /** Other names mqadmin knows it by. */
  readonly alias?: string;
  /** Why it does nothing here; it is listed and fails. */
  readonly unsupported?: string;
  /** Does it; gives the exit code. Made by `mqadminCommand`, so that values have the types of their flags. */
  run(context: Context, given: Given<Readonly<Record<string, MqadminFlag>>>): Promise<number>;
}

/** A flag of mqadmin's. */
export interface MqadminFlag {
  /** A truth is given as true or false; a switch has no value. */
  readonly kind: "switch" | "text" | "count" | "truth";
  readonly letter: string;
  /** What it does, as the help says it. */
  readonly meaning: string;
  readonly required?: true;
  /** All that a text may be. */
  readonly choices?: readonly string[];
  /** What its value names, for a shell. */
  readonly names?: "topic" | "group" | "broker" | "folder" | "file";
  /** Why it does nothing here. */
  readonly unsupported?: string;
}

/** What a command was given, by its flags. */
export type Given<F extends Readonly<Record<string, MqadminFlag>>> =
  & { readonly [K in keyof F]: ValueOf<F[K]> }
  & { readonly namesrvAddr: string | undefined; readonly json: boolean };

type ValueOf<F extends MqadminFlag> = F["kind"] extends "switch" ? boolean
  : F["required"] extends true ? OfKind<F["kind"]>
  : OfKind<F["kind"]> | undefined;

type OfKind<K> = K extends "count" ? number : K extends "truth" ? boolean : string;

/** A command whose work gets values of the right types. */
export function mqadminCommand<const F extends Readonly<Record<string, MqadminFlag>>>(
  command: Omit<MqadminCommand, "flags" | "run"> & {
    readonly flags: F;
    run(context: Context, given: Given<F>): Promise<number>;
  },
): MqadminCommand {
  return command as unknown as MqadminCommand; // `readGiven` gives each flag the type of its kind
}

/** Flags that many commands have. */
export const TOPIC = {
  kind: "text",
  letter: "t",
  required: true,
  names: "topic",
  meaning: "the topic",
} as const;
export const BROKER = {
  kind: "text",
  letter: "b",
  names: "broker",
  meaning: "that broker alone, host:port",
} as const;
export const CLUSTER = {
  kind: "text",
  letter: "c",
  meaning: "the brokers of that cluster",
} as const;
export const GROUP = {
  kind: "text",
  letter: "g",
  required: true,
  names: "group",
  meaning: "the consumer group",
} as const;
