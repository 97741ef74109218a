import { readdirSync, readFileSync } from "node:fs";
import { MemFs } from "./mem_fs.ts";

/** The captured stores; tests/golden/README.md says of what. */
export const GOLDEN_STORES = ["master-clean", "master-killed", "slave-clean"] as const;

const root = new URL("../golden/store/", import.meta.url);

/** A copy of a captured store, in the folder `store` of a file system in memory. */
export function goldenStore(name: typeof GOLDEN_STORES[number]): MemFs {
  const fs = new MemFs();
  const walk = (below: string) => {
    for (
      const entry of readdirSync(new URL(`${name}/${encoded(below)}`, root), {
        withFileTypes: true,
      })
    ) {
      const path = `${below}${entry.name}`;
      if (entry.isDirectory()) walk(`${path}/`);
      else fs.put(`store/${path}`, readFileSync(new URL(`${name}/${encoded(path)}`, root)));
    }
  };
  walk("");
  return fs;
}

/** Topics such as %RETRY%G are folder names, and "%" means something in a URL. */
function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
