/** Rows as text with aligned columns, two spaces between them and none at the end of a line. */
export function tableOf(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) => i === row.length - 1 ? cell : cell.padEnd(widths[i]));
    return `${indent}${cells.join("  ")}`.trimEnd() + "\n";
  }).join("");
}
