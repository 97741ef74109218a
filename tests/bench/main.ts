/**
 * `deno task bench`: starts our own nodes as the compiled binary (or `--via deno|bun`), drives them with the
 * load generator of this folder and prints a table. `--peer HOST:PORT --peerHa HOST:PORT` names a running
 * Java master with a slave: then each row is driven on both in turn and has the ratio of the two.
 *
 * Absolute figures are those of this machine and this minute; only ratios of one run mean anything.
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Address } from "../../src/ports/net.ts";
import { parseAddress } from "../../src/wire/host_address.ts";
import type { Via } from "../support/binary.ts";
import { runtime } from "../support/runtime.ts";
import { measureAppend } from "./append.ts";
import { type Measured, rowsOf } from "./rows.ts";
import { OwnNodes } from "./nodes.ts";

const flags = parseArgs(Deno.args, {
  string: ["peer", "peerHa", "via", "seconds", "only"],
  default: { via: "compiled", seconds: "4" },
});
const seconds = Number(flags.seconds);
const only = typeof flags.only === "string" ? flags.only : "";

function addressFlag(name: "peer" | "peerHa"): Address | undefined {
  const text = flags[name];
  if (typeof text !== "string") return undefined;
  const address = parseAddress(text);
  if (address === undefined) {
    console.error(`--${name} is "${text}", it must be host:port`);
    Deno.exit(2);
  }
  return address;
}

const peer = addressFlag("peer");
const peerHa = addressFlag("peerHa");
await using own = await OwnNodes.start(flags.via as Via);
const lines: string[][] = [["work", "ours", "peer", "ratio"]];

for (const row of rowsOf({ net: runtime.net, seconds, own })) {
  if (!row.name.includes(only)) continue;
  const ours = await row.run({ broker: own.broker, ha: own.ha });
  const theirs = peer && row.needs !== "own" && (row.needs !== "ha" || peerHa)
    ? await row.run({ broker: peer, ha: peerHa ?? peer })
    : undefined;
  lines.push([row.name, describe(ours), theirs ? describe(theirs) : "-", ratio(ours, theirs)]);
  console.error(lines[lines.length - 1].join("  "));
}
if ("append in process".includes(only)) {
  lines.push([
    "append in process, 1 KiB, 8 a commit",
    describe(await measureAppend(runtime)),
    "-",
    "-",
  ]);
}

const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
for (const line of lines) {
  console.log(line.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

function describe({ rate, unit, p50, p99, note }: Measured): string {
  const shown = rate >= 1000 ? Math.round(rate).toLocaleString("en") : rate.toFixed(1);
  const times = p99 === undefined ? "" : `, p50 ${p50!.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  return `${shown} ${unit}${times}${note ? ` (${note})` : ""}`;
}

function ratio(ours: Measured, theirs: Measured | undefined): string {
  if (!theirs || theirs.rate === 0) return "-";
  const p99 = ours.p99 !== undefined && theirs.p99
    ? `, p99 ${(ours.p99 / theirs.p99).toFixed(2)}x`
    : "";
  return `${(ours.rate / theirs.rate).toFixed(2)}x${p99}`;
}
