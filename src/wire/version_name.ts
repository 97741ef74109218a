/** Each version has two numbers, its snapshot's and one more; from when on how many versions a minor one has. */
const SPANS = [
  { from: 16, minor: 30, firstPatch: 1, patches: 15 },
  { from: 46, minor: 31, firstPatch: 0, patches: 10 },
  { from: 86, minor: 33, firstPatch: 1, patches: 9 },
  { from: 212, minor: 40, firstPatch: 0, patches: 10 },
] as const;
/** V5_9_9 is the last one with a name. */
const END = 612;

/**
 * The name of a RocketMQ version's number, as 407 is V4_9_7. Before 3.0.1 names have no order; they are all
 * V3_0_0 here. Source: MQVersion.
 */
export function versionName(version: number): string {
  if (version >= END) return "HIGHER_VERSION";
  const span = SPANS.findLast(({ from }) => version >= from);
  if (span === undefined) return "V3_0_0";
  const { from, minor: first, firstPatch, patches } = span;
  const nth = Math.floor((version - from) / 2);
  const minor = first + Math.floor(nth / patches);
  const name = `V${Math.floor(minor / 10)}_${minor % 10}_${firstPatch + nth % patches}`;
  return (version - from) % 2 === 0 ? `${name}_SNAPSHOT` : name;
}
