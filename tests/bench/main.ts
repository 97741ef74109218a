/**
 * `deno task bench`: starts our own nodes as the compiled binary (or `--via deno|bun`), drives them with the
 * load generator of this folder and prints a table. `--peer HOST:PORT` names a running Java master with a
 * slave: sends and pulls are then driven on both in turn. `--java` lets the rows about replication and about
 * stores start Java brokers by themselves. `--turns N` drives such a row N times on each, ours and theirs in
 * turn, and shows the median and the spread. `--only WORD` takes the rows with that word.
 *
 * Absolute figures are those of this machine and this minute; only ratios of one run mean anything.
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Address } from "../../src/ports/net.ts";
import { parseAddress } from "../../src/wire/host_address.ts";
import type { Via } from "../support/binary.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { runtime } from "../support/runtime.ts";
import { measureAppend } from "./append.ts";
import { javaBroker, ownBroker } from "./brokers.ts";
import { delayedRow } from "./delayed.ts";
import { PollingRows } from "./polling.ts";
import { ReplicationRows, type StartedRow } from "./replication.ts";
import { type Measured, rowsOf } from "./rows.ts";
import { StoreRows } from "./store_rows.ts";

const flags = parseArgs(Deno.args, {
  string: ["peer", "via", "seconds", "only", "turns"],
  boolean: ["java"],
  default: { via: "compiled", seconds: "4", turns: "1" },
});
const seconds = Number(flags.seconds);
const turns = Number(flags.turns);
const via = flags.via as Via;
const only = typeof flags.only === "string" ? flags.only : "";
const lines: string[][] = [["work", "ours", "peer", "ratio"]];

function peerAddress(): Address | undefined {
  const text = flags.peer;
  if (typeof text !== "string") return undefined;
  const address = parseAddress(text);
  if (address === undefined) {
    console.error(`--peer is "${text}", it must be host:port`);
    Deno.exit(2);
  }
  return address;
}

function show(line: string[]): void {
  lines.push(line);
  console.error(line.join("  "));
}

await brokerRows();
{
  using replication = new ReplicationRows(runtime.net, via);
  await startedRows(replication.all);
}
{
  using stores = new StoreRows(runtime.net, seconds);
  await startedRows(stores.all);
}
await startedRows([delayedRow(runtime.net, seconds)]);
await startedRows(new PollingRows(via, seconds).all);
if ("append in process".includes(only)) {
  const name = "append in process, 1 KiB, 8 a commit";
  show([name, describe(await measureAppend(runtime)), "-", "-"]);
}
const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
for (const line of lines) {
  console.log(line.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

/** Our cluster is started when the first row needs it. */
async function brokerRows(): Promise<void> {
  const rows = rowsOf({ net: runtime.net, seconds }).filter((row) => row.name.includes(only));
  if (rows.length === 0) return;
  const peer = peerAddress();
  await using own: Cluster = await startCluster({ slaves: 1, via });
  for (const row of rows) {
    const ours = await row.run(own.master.broker);
    const theirs = peer && await row.run(peer);
    show([row.name, describe(ours), theirs ? describe(theirs) : "-", ratio(ours, theirs)]);
  }
}

/** Each turn starts brokers of its own. */
async function startedRows(rows: readonly StartedRow[]): Promise<void> {
  for (const row of rows.filter(({ name }) => name.includes(only))) {
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let turn = 0; turn < turns; turn++) {
      ours.push(await row.run(ownBroker(via)));
      if (flags.java && row.peer) theirs.push(await row.run(javaBroker()));
      console.error(`  turn ${turn + 1}: ${describe(ours[turn])}; ${describe(theirs[turn])}`);
    }
    const [own, java] = [median(ours), median(theirs)];
    show([row.name, describe(own, ours), describe(java, theirs), ratio(own, java)]);
  }
}

function median(all: readonly Measured[]): Measured | undefined {
  return [...all].sort((a, b) => a.rate - b.rate)[Math.floor(all.length / 2)];
}

function describe(measured: Measured | undefined, of: readonly Measured[] = []): string {
  if (measured === undefined) return "-";
  const { rate, unit, p50, p99, note } = measured;
  const times = p99 === undefined ? "" : `, p50 ${p50!.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  const rates = of.map((one) => one.rate);
  const spread = of.length > 1
    ? `, ${shown(Math.min(...rates))} to ${shown(Math.max(...rates))}`
    : "";
  return `${shown(rate)} ${unit}${spread}${times}${note ? ` (${note})` : ""}`;
}

function shown(rate: number): string {
  return rate >= 1000 ? Math.round(rate).toLocaleString("en") : rate.toFixed(1);
}

function ratio(ours: Measured | undefined, theirs: Measured | undefined): string {
  if (!ours || !theirs || theirs.rate === 0) return "-";
  const p99 = ours.p99 !== undefined && theirs.p99
    ? `, p99 ${(ours.p99 / theirs.p99).toFixed(2)}x`
    : "";
  return `${(ours.rate / theirs.rate).toFixed(2)}x${p99}`;
}
