const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The ms in a text like 30s, 5m, 2h or 1d; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNIT_MS[unit];
}
