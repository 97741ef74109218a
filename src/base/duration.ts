const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A text that `durationMs` reads as so many whole seconds: in the largest unit that leaves no rest. */
export function durationText(ms: number): string {
  const [unit, unitMs] =
    Object.entries(UNIT_MS).reverse().find(([, unitMs]) => ms > 0 && ms % unitMs === 0) ??
      ["s", 1_000];
  return `${ms / unitMs}${unit}`;
}

/** The ms in a text like 30s, 5m, 2h or 1d; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [, count, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(count) * UNIT_MS[unit];
}
