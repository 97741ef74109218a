import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100; // of /proc on every Linux

/** Processor time a process used so far in the kernel and outside it, all its threads together. */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" "); // from the third on
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
