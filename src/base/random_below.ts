/** A number from 0 to below `n`; 0 when `n` is less than 1. */
export function randomBelow({ random }: { random(into: Uint8Array): void }, n: number): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return new DataView(bytes.buffer).getUint32(0) % Math.max(1, n);
}
