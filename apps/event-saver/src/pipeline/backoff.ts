/** Bounds of a wait that doubles with every failure in a row. */
export interface BackoffBounds {
  readonly baseMs: number
  readonly capMs: number
}

/** Full jitter: anything from 0 to base × 2^(failures − 1), at most the cap. */
export function fullJitter(
  failures: number,
  { baseMs, capMs }: BackoffBounds,
  random: () => number = Math.random,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** (failures - 1))
}
