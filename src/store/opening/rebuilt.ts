import type { Dir } from "../../ports/fs.ts";

/**
 * What can be made from the log. It is rebuilt beside what is there and takes its place once it is whole:
 * while the file `rebuilt` is there, the swap is under way and whoever opens the store ends it.
 *
 *     consumequeue.rebuilt  ->  consumequeue  ->  consumequeue.replaced, which is removed
 */
const DERIVED = ["index", "consumequeue"] as const;
const SWAPPING = "rebuilt";

/** What can be made from the log, by the name of its folder. */
export type Derived = typeof DERIVED[number];

/** Where it is made. */
export function rebuiltDir(root: Dir, name: Derived): Dir {
  return root.child(`${name}.rebuilt`);
}

/** Removes what a rebuild that ended early left; not to be called while a swap is under way. */
export function dropRebuilt(root: Dir): void {
  for (const name of DERIVED) {
    root.remove(`${name}.rebuilt`);
    root.remove(`${name}.replaced`);
  }
}

/** Puts what was rebuilt, and is safe, in its place. A process that dies on the way leaves it to the next. */
export async function swapRebuilt(root: Dir): Promise<void> {
  root.open(SWAPPING, "create").close();
  await root.sync();
  await finishSwap(root);
}

/** Ends a swap that a process which died had begun. */
export async function finishSwap(root: Dir): Promise<void> {
  if (!root.stat(SWAPPING)) return;
  for (const name of DERIVED) if (root.stat(`${name}.rebuilt`)) swap(root, name);
  await root.sync();
  root.remove(SWAPPING);
  await root.sync();
  dropRebuilt(root);
}

function swap(root: Dir, name: Derived): void {
  const [rebuilt, replaced] = [`${name}.rebuilt`, `${name}.replaced`];
  if (root.stat(name)) {
    if (root.stat(replaced)) return root.remove(rebuilt); // another kind of broker ran and made it anew
    root.rename(name, replaced);
  }
  root.rename(rebuilt, name);
}
