import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pocketmq } from "./binary.ts";
import { commandOf, type StartOptions } from "./binary.ts";

/** A disk of one node that a test fills and makes room on. */
export interface SmallDisk extends Disposable {
  readonly how: StartOptions;
  /** From now on nothing more can be written. */
  fill(process: Pocketmq): void;
  makeRoom(process: Pocketmq): void;
}

/** A kind of full disk that this machine can show. */
export interface DiskKind {
  readonly name: string;
  /** What the system says when a write fails. */
  readonly says: RegExp;
  /** Prepares it for a store in `dir`, which is not there yet. */
  readonly open: (dir: string) => SmallDisk;
}

/**
 * Every machine has limits on a process's files, which refuse writes as a full disk does. Who may mount
 * gets a small file system, too.
 */
export function diskKinds(): DiskKind[] {
  const limit: DiskKind = { name: "a limit on files", says: /file too large/i, open: limited };
  const mounted: DiskKind = {
    name: "a full disk",
    says: /no space left|diskSpaceMin/i,
    open: mount,
  };
  return mayMount() ? [limit, mounted] : [limit];
}

/** A process whose files can be limited: ignored, or the limit's signal would end it instead of failing a write. */
export function limitable(): StartOptions {
  return { command: ["sh", "-c", `trap '' XFSZ; exec "$@"`, "sh", ...commandOf()] };
}

/** From now on writes behind the first `bytes` of a file fail; undefined ends that. Only for a `limitable` one. */
export function limitFiles({ pid }: Pocketmq, bytes: number | undefined): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:unlimited`]);
}

function limited(): SmallDisk {
  return {
    how: limitable(),
    fill: (process) => limitFiles(process, 1),
    makeRoom: (process) => limitFiles(process, undefined),
    [Symbol.dispose]: () => {},
  };
}

function mount(dir: string): SmallDisk {
  mkdirSync(dir);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", dir]);
  const ballast = join(dir, "ballast");
  return {
    how: {},
    fill: () => {
      const { bavail, bsize } = statfsSync(dir);
      try {
        writeFileSync(ballast, new Uint8Array(bavail * bsize));
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOSPC") throw error; // the node took some meanwhile
      }
    },
    makeRoom: () => rmSync(ballast),
    [Symbol.dispose]: () => void execFileSync("umount", [dir]),
  };
}

function mayMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
