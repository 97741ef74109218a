import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandOf, type Exit, runPocketmq, type Via } from "./binary.ts";
import { type TempDir, tempDir } from "./temp.ts";

/** The folders below conf. */
export type LayoutName = "2m-noslave" | "2m-2s-async" | "2m-2s-sync";

/** A node as the table of start.sh shows it. */
export interface LayoutNode {
  readonly name: string;
  readonly pid: number;
  readonly address: string;
  readonly folder: string;
}

/** A layout that start.sh started, on free ports and in a folder of its own. */
export interface Layout extends AsyncDisposable {
  readonly namesrvAddr: string;
  /** In the order of the table. */
  readonly nodes: readonly LayoutNode[];
  readonly folder: string;
  /** @throws {Error} when there is none of that name. */
  node(name: string): LayoutNode;
  /** Runs start.sh with that word. */
  sh(word: string): Promise<Exit>;
}

const CONF = fileURLToPath(new URL("../../conf/", import.meta.url));

/** One of the ready .properties files. */
export function confFile(layout: LayoutName, node: string): string {
  return join(CONF, layout, `${node}.properties`);
}

/** Runs a layout's start.sh; `via` as in binary.ts. @throws {Error} with what it said when it fails. */
export async function startLayout(name: LayoutName, via?: Via): Promise<Layout> {
  const temp: TempDir = tempDir();
  const env = {
    POCKETMQ: commandOf(via).join(" "),
    LAYOUT_DATA: temp.path,
    LAYOUT_PORTS: "free",
  };
  const command = ["bash", join(CONF, name, "start.sh")];
  const sh = (word: string) => runPocketmq([word], { command, env, endsWithinMs: 70_000 });
  const started = await sh("start");
  if (started.code !== 0) {
    temp[Symbol.dispose]();
    throw new Error(`start.sh ended with ${started.code}\n${started.stdout}${started.stderr}`);
  }
  const nodes = nodesIn(started.stdout);
  return {
    namesrvAddr: /NAMESRV_ADDR='(.+)'/.exec(started.stdout)![1],
    nodes,
    folder: temp.path,
    node(wanted) {
      const node = nodes.find((each) => each.name === wanted);
      if (node === undefined) throw new Error(`no ${wanted} in\n${started.stdout}`);
      return node;
    },
    sh,
    async [Symbol.asyncDispose]() {
      await sh("stop");
      temp[Symbol.dispose]();
    },
  };
}

/** True while such a process runs; one that ended and was not asked for its end yet has no command line. */
export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, "utf8") !== "";
}

function nodesIn(table: string): LayoutNode[] {
  return table.split("\n").filter((line) => /^(namesrv|broker)-/.test(line)).map((line) => {
    const [name, pid, address, , folder] = line.split(/ +/);
    return { name, pid: Number(pid), address, folder };
  });
}
