const ESC = "\x1b";
/** Colour of ours, which is kept, and control characters of others, which could move the cursor or break a line. */
const CONTROL = new RegExp(`${ESC}\\[3[1239]m|\\p{Cc}`, "gu");
const COLOUR = new RegExp(`${ESC}\\[3[1239]m`, "g");
const PLAIN = /^[ -~]*$/;
/** What takes no column of its own: accents on the letter before, joiners and variation selectors. */
const NO_WIDTH = /[\p{M}\u200b-\u200f\u2060\ufe00-\ufe0f]/gu;
/** What takes two: East Asian wide and full-width letters, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/gu;

/**
 * Rows as text with aligned columns, two spaces between them and none at the end of a line. A line break or
 * another control character in a cell is shown as JSON writes it.
 */
export function tableOf(rows: readonly (readonly string[])[], indent = ""): string {
  const shown = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of shown) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, widthOf(cell)));
  }
  return shown.map((row) => {
    const cells = row.map((cell, i) =>
      i === row.length - 1 ? cell : cell + " ".repeat(widths[i] - widthOf(cell))
    );
    return `${indent}${cells.join("  ")}`.trimEnd() + "\n";
  }).join("");
}

/** The columns that a terminal shows a text in. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  const seen = text.replace(COLOUR, "").replace(NO_WIDTH, "");
  return [...seen].length + (seen.match(WIDE)?.length ?? 0);
}

function visible(cell: string): string {
  if (PLAIN.test(cell)) return cell;
  return cell.replace(CONTROL, (found) => {
    if (found.length > 1) return found;
    const written = JSON.stringify(found).slice(1, -1);
    return written === found ? `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}` : written;
  });
}
