import { type Dir, FsError } from "../ports/fs.ts";

/**
 * Makes a folder so that no power cut takes it: its name is safe only once the folder above is synced, and so
 * on up to one that was there before. One that is there may be so new that this is still to do for it, as
 * whoever made it may have died or failed before; so the next one is not made before.
 *
 * @throws {FsError} when a name cannot be made safe; to repeat it goes on with that
 */
export async function makeFolder(dir: Dir): Promise<void> {
  const missing: Dir[] = [];
  let there: Dir | undefined = dir;
  for (; there && !exists(there); there = there.parent) missing.push(there);
  if (there) await keepName(there);
  for (const next of missing.reverse()) {
    next.make();
    await next.parent?.sync();
  }
}

/** Makes the names of a folder that is there, and of all above it, safe from a power cut. */
export async function keepNames(dir: Dir): Promise<void> {
  for (let one: Dir | undefined = dir; one; one = one.parent) await keepName(one);
}

/** A folder above that is not ours to read held the name before this process could have made it. */
async function keepName({ parent }: Dir): Promise<void> {
  try {
    await parent?.sync();
  } catch (error) {
    if (!(error instanceof FsError && error.code === "denied")) throw error;
  }
}

function exists({ parent, path }: Dir): boolean {
  return !parent || parent.stat(path.slice(path.lastIndexOf("/") + 1)) !== undefined;
}
