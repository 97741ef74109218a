import type { Dir } from "../ports/fs.ts";

/**
 * Makes a folder so that no power cut takes it: its name is safe only once the folder above is synced, and so
 * on up to one that was there before. One that is there may be so new that this is still to do for it.
 */
export async function makeFolder(dir: Dir): Promise<void> {
  const missing: Dir[] = [];
  let there: Dir | undefined = dir;
  for (; there && !exists(there); there = there.parent) missing.push(there);
  dir.make();
  await there?.parent?.sync().catch(() => {}); // not ours to read, so it was there before
  for (const { parent } of missing.reverse()) await parent?.sync();
}

function exists({ parent, path }: Dir): boolean {
  return !parent || parent.stat(path.slice(path.lastIndexOf("/") + 1)) !== undefined;
}
