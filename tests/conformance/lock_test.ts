import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Dir } from "../../src/ports/fs.ts";
import { test } from "../harness.ts";
import { runtime } from "../support/runtime.ts";
import { scriptFile } from "../support/script.ts";
import { tempDir } from "../support/temp.ts";
import { sendSignal } from "../support/signal.ts";

test("lock() refuses a second process until the first lets go", async () => {
  using temp = tempDir();
  const dir = runtime.fs.dir(temp.path);
  const mine = dir.lock("lock");
  assert(mine);
  assertEquals(await lockedElsewhere(temp.path), "refused");
  mine[Symbol.dispose]();
  assertEquals(await lockedElsewhere(temp.path), "locked");
});

test("lock() is free again when its process was killed", async () => {
  using temp = tempDir();
  const dir = runtime.fs.dir(temp.path);
  const other = holdElsewhere(temp.path);
  try {
    assertEquals(await other.says, "locked");
    assertEquals(dir.lock("lock"), undefined);
    const holder = dir.lockedBy("lock");
    if (existsSync("/proc/locks")) {
      assertStringIncludes(holder!, `process ${other.pid} (`);
      assertStringIncludes(holder!, runtime.name);
    } else assertEquals(holder, undefined);
  } finally {
    other.kill();
    await other.gone;
  }
  using mine = dir.lock("lock");
  assert(mine);
});

test("lock() refuses a second one of the same process, and the refusal does not drop the first", async () => {
  using temp = tempDir();
  const dir = runtime.fs.dir(temp.path);
  using mine = dir.lock("lock");
  assert(mine);
  assertEquals(runtime.fs.dir(temp.path).lock("lock"), undefined);
  assertEquals(dir.lockedBy("lock"), "this process");
  assertEquals(await lockedElsewhere(temp.path), "refused");
});

test("a lock may be let go twice and taken again", () => {
  using temp = tempDir();
  const dir = runtime.fs.dir(temp.path);
  for (let i = 0; i < 3; i++) {
    const mine = dir.lock("lock");
    assert(mine, `round ${i}`);
    mine[Symbol.dispose]();
    mine[Symbol.dispose]();
  }
});

test("lock() keeps what the file holds", () => {
  using temp = tempDir();
  writeFileSync(join(temp.path, "lock"), "lock");
  const dir: Dir = runtime.fs.dir(temp.path);
  using mine = dir.lock("lock");
  assert(mine);
  assertEquals(dir.stat("lock")?.size, 4);
});

async function lockedElsewhere(path: string): Promise<string> {
  const other = holdElsewhere(path);
  try {
    return await other.says;
  } finally {
    other.kill();
    await other.gone;
  }
}

/** A second process that tries the lock, says how it went and holds on. */
function holdElsewhere(
  path: string,
): { pid: number; says: Promise<string>; gone: Promise<void>; kill: () => void } {
  const [command, args] = scriptFile(new URL("./lock_holder.ts", import.meta.url), path);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const says = new Promise<string>((resolve) => {
    child.stdout.on("data", (text) => resolve(String(text).trim()));
    child.on("exit", () => resolve("died"));
  });
  return { pid: child.pid!, says, gone, kill: () => sendSignal(child, "SIGKILL") };
}
