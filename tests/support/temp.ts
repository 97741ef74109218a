import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for one test, removed with all in it at the end of the block. */
export interface TempDir extends Disposable {
  readonly path: string;
}

/** Makes a folder below the system's temporary one, or another. */
export function tempDir(parent: string = tmpdir()): TempDir {
  const path = mkdtempSync(join(parent, "pocketmq-test-"));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
