import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Ports 20,000 to 29,999, below those the system gives away, in blocks of what a broker takes. */
const BLOCK = 4;
const BLOCKS = 10_000 / BLOCK;

/** A file for each block that a test run has: several run at a time, and some start a broker long after they asked. */
const TAKEN = join(tmpdir(), "pocketmq-ports");

/** A port p so that p - 2, p and p + 1 are free: what a broker takes. Nobody else gets them until this process ends. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const block = Math.floor(Math.random() * BLOCKS);
    const port = 20_000 + block * BLOCK + 2;
    if (!take(block)) continue;
    const free = await Promise.all([port - 2, port, port + 1].map(isFree));
    if (free.every(Boolean)) return port;
  }
}

function take(block: number): boolean {
  const path = join(TAKEN, String(block));
  mkdirSync(TAKEN, { recursive: true });
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  if (!isAlive(ownerOf(path))) rmSync(path, { force: true }); // for whoever comes next
  return false;
}

/** 0 while it is being written. */
function ownerOf(path: string): number {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0; // it has just been removed
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
