/** One source file, path from the project's root, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Folders of src, left to right: one imports only from groups to its left, and from itself. */
const GROUPS = [
  ["ports"],
  ["base"],
  ["wire", "metrics"],
  ["rpc", "store", "security"],
  ["ha", "namesrv", "client"],
  ["broker", "admin"],
  ["console"],
  ["cli"],
];

/** A file a person reads in one sitting. */
const LINES_MAX = 350;

/** What is wrong with the imports, the names and the length of the files; empty when all is well. */
export function layoutFaults(files: readonly SourceFile[], packages: readonly string[]): string[] {
  return files.flatMap((file) =>
    [...importFaults(file, packages), ...nameFaults(file), ...lengthFaults(file)]
      .map((fault) => `${file.path} ${fault}`)
  );
}

function importFaults(file: SourceFile, packages: readonly string[]): string[] {
  const folder = folderOf(file.path);
  return importsOf(file.text).flatMap((name) => {
    if (!name.startsWith(".")) return packageFault(folder, name, packages);
    if (!/\.(ts|html|css|js|svg)$/.test(name)) return [`imports "${name}" without its extension`];
    const target = resolve(file.path, name);
    if (!target.startsWith("src/")) return [`imports ${target}, which is outside src`];
    return mayImport(folder, folderOf(target)) ? [] : [`imports ${target}: ${folder} must not`];
  });
}

function packageFault(folder: string, name: string, packages: readonly string[]): string[] {
  if (folder === "adapters" && /^(node|bun):/.test(name)) return [];
  return packages.includes(name) ? [] : [`imports "${name}"`];
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === "adapters") return to === "ports" || to === "base";
  const left = GROUPS.findIndex((group) => group.includes(to));
  const right = GROUPS.findIndex((group) => group.includes(from));
  return left >= 0 && left < right;
}

/** The core asks through ports; what a runtime calls its own has no place in it. */
function nameFaults(file: SourceFile): string[] {
  if (folderOf(file.path) === "adapters") return [];
  const found = withoutComments(file.text).match(/\b(Deno|Bun|process)\.\w+|\bBuffer\b[.(]/g) ?? [];
  return [...new Set(found)].map((name) => `says ${name}`);
}

function lengthFaults(file: SourceFile): string[] {
  const lines = file.text.trimEnd().split("\n").length;
  return lines > LINES_MAX ? [`has ${lines} lines, at most ${LINES_MAX}`] : [];
}

/** The specifiers a file imports or exports from, static and dynamic. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"/gm),
    ...code.matchAll(/^import\s+"([^"]+)"/gm),
    ...code.matchAll(/\bimport\(\s*"([^"]+)"/g),
  ];
  return found.map((match) => match[1]);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** "src/store/log.ts" lies in "store"; a file directly in src in "". */
function folderOf(path: string): string {
  return path.split("/").slice(1, -1)[0] ?? "";
}

function resolve(from: string, name: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const step of name.split("/")) {
    if (step === "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return parts.join("/");
}
