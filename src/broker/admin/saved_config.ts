import type { Dir, Fs } from "../../ports/fs.ts";

/** The file that a broker was started with, if it was. */
export function savedConfig(fs: Fs, path: string | undefined): SavedConfig | undefined {
  return path === undefined ? undefined : new SavedConfig(fs, path);
}

/** A file with the settings of a broker, in Java's .properties form. */
export class SavedConfig {
  readonly #dir: Dir;
  readonly #name: string;

  constructor(fs: Fs, path: string) {
    const slash = path.lastIndexOf("/");
    this.#dir = fs.dir(slash < 0 ? "." : path.slice(0, slash) || "/");
    this.#name = path.slice(slash + 1);
  }

  /** Puts the settings in, each in its own line's place or at the end; the file before stays as .bak. @throws {FsError} */
  async save(settings: Iterable<readonly [key: string, text: string]>): Promise<void> {
    const dir = this.#dir;
    const bytes = this.#withSettings(settings);
    const temporary = `${this.#name}.tmp`;
    dir.remove(temporary); // of a process that died
    const file = dir.open(temporary, "create");
    try {
      file.writeAt(0, bytes);
      await file.sync();
    } finally {
      file.close();
    }
    dir.rename(this.#name, `${this.#name}.bak`);
    dir.rename(temporary, this.#name);
    await dir.sync();
  }

  #withSettings(settings: Iterable<readonly [key: string, text: string]>): Uint8Array {
    using file = this.#dir.open(this.#name, "read");
    const bytes = new Uint8Array(file.size());
    file.readAt(0, bytes);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte); // Latin-1, whatever it holds
    for (const [key, value] of settings) text = withSetting(text, key, value);
    return Uint8Array.from(text, (char) => char.charCodeAt(0));
  }
}

/** Of equal keys the last counts, so all of them are taken out but for the first one's place. */
function withSetting(text: string, key: string, value: string): string {
  const setting = `${key}=${value}`;
  let isIn = false;
  const lines = text.split("\n").flatMap((line) => {
    if (!new RegExp(`^[ \\t]*${key}[ \\t]*[=: \\t]`).test(line)) return [line];
    if (isIn) return [];
    isIn = true;
    return [line.endsWith("\r") ? `${setting}\r` : setting];
  });
  if (isIn) return lines.join("\n");
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${setting}\n`;
}
