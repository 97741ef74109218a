import { textOf, utf8 } from "../base/bytes.ts";
import type { Dir } from "../ports/fs.ts";
import { JsonBody } from "../wire/json_body.ts";
import type { Tail } from "./tail_copy.ts";

const RESYNC = "resync.json";

/** A resync that was begun: what a start after a kill goes on with. */
export interface ResyncMarker extends Tail {
  /** Where the copy lies, below `diverged`. */
  readonly folder: string;
  /** It is whole and safe. */
  readonly copied: boolean;
}

/** The marker in a store's folder; undefined without one. @throws {FieldError} when it is none of ours. */
export function readMarker(root: Dir): ResyncMarker | undefined {
  if (!root.stat(RESYNC)) return undefined;
  using file = root.open(RESYNC, "read");
  const bytes = new Uint8Array(file.size());
  const json = JsonBody.parse(textOf(bytes.subarray(0, file.readAt(0, bytes))));
  return {
    from: json.long("from"),
    to: json.long("to"),
    master: json.textOr("master", ""),
    folder: json.text("folder"),
    copied: json.flag("copied", false),
  };
}

/** Resolves when the marker would survive a power cut; until then the one before it is there. */
export async function writeMarker(root: Dir, marker: ResyncMarker): Promise<void> {
  const aside = `${RESYNC}.tmp`;
  root.remove(aside);
  using file = root.open(aside, "create");
  file.writeAt(0, utf8(JSON.stringify(marker) + "\n"));
  await file.sync();
  root.rename(aside, RESYNC);
  await root.sync();
}

/** Resolves when no power cut brings the marker back. */
export async function removeMarker(root: Dir): Promise<void> {
  root.remove(RESYNC);
  await root.sync();
}
