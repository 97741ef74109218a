import { readFileSync } from "node:fs";
import { bytesOfHex, utf8 } from "../../src/base/bytes.ts";

/** One side of an exchange in wire/remoting.jsonl. */
export interface GoldenSide {
  readonly header: string;
  readonly bodyText?: string;
  readonly bodyHex?: string;
}

/** One line of wire/remoting.jsonl. */
export interface GoldenExchange {
  readonly code: number;
  readonly oneway: boolean;
  readonly from: string;
  readonly to: string;
  readonly request: GoldenSide;
  readonly response?: GoldenSide;
}

/** The bytes of a file below tests/golden. */
export function goldenBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../golden/${path}`, import.meta.url)));
}

/** The lines of a .jsonl file below tests/golden. */
export function goldenLines<T>(path: string): T[] {
  const text = new TextDecoder().decode(goldenBytes(path));
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as T);
}

/** All captured exchanges. */
export function goldenExchanges(): GoldenExchange[] {
  return goldenLines<GoldenExchange>("wire/remoting.jsonl");
}

/** The body of one side as bytes. */
export function goldenBody(side: GoldenSide): Uint8Array {
  return side.bodyHex !== undefined ? bytesOfHex(side.bodyHex) : utf8(side.bodyText ?? "");
}

/** One side as the frame it came in, without the length word. */
export function goldenFrame(side: GoldenSide): Uint8Array {
  const header = utf8(side.header);
  const body = goldenBody(side);
  const frame = new Uint8Array(4 + header.length + body.length);
  new DataView(frame.buffer).setUint32(0, header.length);
  frame.set(header, 4);
  frame.set(body, 4 + header.length);
  return frame;
}
