/** Two clusters with the same data, one ours and one Java's, and what mqadmin prints for the same command on both. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { brokerHa } from "../../../src/admin/ha.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Redial } from "../../../src/rpc/redial.ts";
import { runtime } from "../../support/runtime.ts";
import { prepareJava, runJava } from "../java.ts";
import { mqadminPrints, type Printed } from "../mqadmin.ts";
import { type Running, within } from "../processes.ts";
import { lazily } from "../suite.ts";
import { type By, Trio } from "../trio.ts";
import { hasContent, type Mark, reason, stack } from "./marks.ts";

/** Given to both brokers: at its first look for open transactions Java's makes a topic, a minute after its start. */
const CONFIG = { transactionCheckInterval: 3_600_000 };

/** Home of the JVM that runs all commands. */
const ADMIN = mkdtempSync(join(tmpdir(), "pocketmq-mqadmin-"));
process.on("exit", () => rmSync(ADMIN, { recursive: true, force: true }));

/** One of the two. */
export class Twin {
  readonly trio: Trio;
  /** A folder for what commands write. */
  readonly files = mkdtempSync(join(tmpdir(), "pocketmq-mqadmin-"));
  readonly #clients: Running[];
  readonly #known = new Map<string, string>();

  private constructor(trio: Trio, client: Running) {
    this.trio = trio;
    this.#clients = [client];
    process.on("exit", () => rmSync(this.files, { recursive: true, force: true }));
  }

  /** Starts a name server, a SYNC_MASTER and a slave, and a client that fills them and stays. */
  static async start(by: By): Promise<Twin> {
    const trio = await Trio.start({ namesrv: by, master: by, slave: by }, CONFIG);
    const addresses = [trio.node("namesrv").address, trio.node("master").address];
    const client = runJava(
      join(trio.home, "twin"),
      ["-Xmx128m"],
      "pocketmq.interop.Twin",
      addresses,
    );
    await within(60, `data for the ${by} cluster`, client.line(/^filled$/)).catch((error) => {
      throw new Error(`${error.message}\n${client.said()}\n${trio.said()}`);
    });
    await slaveHasAll(trio);
    return new Twin(trio, client);
  }

  /** A client that stays, and ends with the cluster: it writes into its folder. */
  keep(client: Running): void {
    this.#clients.push(client);
  }

  /** From now on the name stands for something that only this cluster has, such as the id of a message. */
  know(name: string, text: string): void {
    this.#known.set(name, text);
  }

  /** The words of a command with this cluster's places in them, see `same`. */
  words(command: string): string[] {
    const places = this.#places();
    return command.split(" ").map((word) =>
      word.replace(/\{(\w+)\}/g, (_, name: string) => {
        const place = places.get(name);
        assert(place !== undefined, `no {${name}}; there are ${[...places.keys()].join(" ")}`);
        return place;
      })
    );
  }

  /** Runs the command on this cluster; both clusters' commands run in one JVM, which soon is warm. */
  run(command: string): Promise<Printed> {
    return mqadminPrints(ADMIN, this.words(command));
  }

  /** The text with a name instead of each place of this cluster. */
  anonymous(text: string): string {
    let told = text;
    // The longest first: a folder lies in another.
    const places = [...this.#places()].sort(([, a], [, b]) => b.length - a.length);
    for (const [name, place] of places) told = told.replaceAll(place, `<${name}>`);
    return told;
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end("SIGKILL")));
    await this.trio.close();
  }

  #places(): Map<string, string> {
    const address = (role: "namesrv" | "master" | "slave") => this.trio.node(role).address;
    return new Map([
      ["namesrv", address("namesrv")],
      ["master", address("master")],
      ["slave", address("slave")],
      ["masterFast", nextTo(address("master"), -2)],
      ["slaveFast", nextTo(address("slave"), -2)],
      ["masterHa", nextTo(address("master"), 1)],
      ["slaveHa", nextTo(address("slave"), 1)],
      ["files", this.files],
      ["home", this.trio.home],
      ...this.#known,
    ]);
  }
}

function nextTo(address: string, step: number): string {
  const [host, port] = address.split(":");
  return `${host}:${Number(port) + step}`;
}

/** Ours and Java's; the first test to ask starts them, `closeTwins` ends them. */
export const twins: () => Promise<{ readonly ours: Twin; readonly java: Twin }> = lazily(
  async () => {
    await prepareJava();
    const [ours, java] = await Promise.all([Twin.start("deno"), Twin.start("java")]);
    return { ours, java };
  },
);

/** Waits until the slave's log ends where the master's does. */
async function slaveHasAll(trio: Trio): Promise<void> {
  const calls = new Redial(runtime, silentLog);
  try {
    const end = (role: "master" | "slave") => brokerHa(calls, trio.node(role).address);
    await eventually("the slave has all", async () => {
      const [master, slave] = [await end("master"), await end("slave")];
      return master.maxOffset > 0 && slave.maxOffset === master.maxOffset;
    });
  } finally {
    calls.close();
  }
}

/** What else is known of a comparison. */
export interface Terms {
  /** What is replaced before the outputs are compared, beside the places of each cluster. */
  readonly marks?: readonly Mark[];
  /** Lines that one side prints and the other does not, each with the reason why that stays so. */
  readonly onlyOurs?: readonly Difference[];
  readonly onlyJava?: readonly Difference[];
}

/** A difference that is wanted. Its line must be there, else the entry is out of date. */
export interface Difference {
  /** The line, after marks; a RegExp may fit several. */
  readonly line: string | RegExp;
  readonly why: string;
}

/**
 * Runs the command on both clusters and asserts that it prints the same, on stdout and on stderr. In the command
 * {namesrv}, {master}, {slave}, {masterFast}, {slaveFast}, {masterHa}, {slaveHa}, {files} and {home} stand for the
 * places of each cluster, and so does what it was told to know; in what is printed they are replaced by <namesrv> and
 * so on. Words are parted by one
 * space. Gives what each printed, with its places replaced and nothing else.
 */
export async function same(command: string, terms: Terms = {}): Promise<Outcome> {
  const { ours, java } = await twins();
  const [byJava, byOurs] = [await java.run(command), await ours.run(command)];
  const wanted = told(java, byJava, terms.marks, terms.onlyJava);
  const actual = told(ours, byOurs, terms.marks, terms.onlyOurs);
  assertEquals(actual, wanted, `mqadmin ${command}: ours (actual) is not what Java's prints`);
  assert(hasContent(wanted.out + wanted.err), `mqadmin ${command}: nothing left to compare`);
  return { ours: told(ours, byOurs), java: told(java, byJava) };
}

/** What each of the two printed. */
export interface Outcome {
  readonly ours: Printed;
  readonly java: Printed;
}

/**
 * Asserts that both clusters refuse the command, in the same way and with the same code. The reason is a text for
 * people that each broker has its own words for; ours is `says`.
 */
export async function sameRefusal(command: string, says: string): Promise<void> {
  const { ours, java } = await same(command, { marks: [reason] });
  assert(reason.replace(java.err) !== java.err, `Java's broker does not refuse: ${java.err}`);
  assertStringIncludes(ours.err, `  DESC: ${says}`);
}

/** Text of both, with the same marks, compared; for the files that commands write. */
export async function sameText(
  what: string,
  text: (twin: Twin) => string,
  terms: Terms = {},
): Promise<string> {
  const { ours, java } = await twins();
  const [actual, wanted] = [
    told(ours, { out: text(ours), err: "" }, terms.marks, terms.onlyOurs),
    told(java, { out: text(java), err: "" }, terms.marks, terms.onlyJava),
  ];
  assertEquals(actual, wanted, `${what}: ours (actual) is not Java's`);
  assert(hasContent(wanted.out), `${what}: nothing left to compare`);
  return wanted.out;
}

function told(
  twin: Twin,
  { out, err }: Printed,
  marks: readonly Mark[] = [],
  only: readonly Difference[] = [],
): Printed {
  const mark = (text: string) =>
    [stack, ...marks].reduce((told, one) => one.replace(told), twin.anonymous(text));
  const used = new Set<Difference>();
  const without = (text: string) =>
    text.split("\n").filter((line) => {
      const why = only.find((one) => fits(one.line, line));
      if (why) used.add(why);
      return !why;
    }).join("\n");
  const printed = { out: without(mark(out)), err: without(mark(err)) };
  for (const one of only) {
    assert(used.has(one), `no line ${one.line} any more, kept because: ${one.why}\n${out}\n${err}`);
  }
  return printed;
}

function fits(wanted: string | RegExp, line: string): boolean {
  return typeof wanted === "string" ? line === wanted : wanted.test(line);
}

/** Waits until `holds`; for what a broker tells the name server or its slave a moment later. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 30_000;
  while (!await holds()) {
    assert(Date.now() < until, `not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ends both. */
export async function closeTwins(): Promise<void> {
  const { ours, java } = await twins();
  await Promise.all([ours.close(), java.close()]);
}
