import { spread } from '../support/figures.ts'

/** One way to do something; gives its duration in milliseconds. */
export type Contender = () => Promise<number>

/** The bound that a ratio should respect, and the one at which the bench fails. */
export interface Bound {
  readonly atLeast?: number
  readonly atMost?: number
  /** Default: the same bound. */
  readonly failsAt?: number
}

/** The lines of a report, and whether something is out of its bounds. */
export interface Report {
  readonly lines: readonly string[]
  readonly failed: boolean
}

/** Runs all contenders in every round, each round beginning with another one. */
export async function inTurns<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(contenders) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >
  // The first round does not count: it compiles code and fills caches.
  for (let round = -1; round < rounds; round++) {
    const first = Math.max(round, 0) % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const time = await contenders[name]()
      if (round >= 0) times[name].push(time)
    }
  }
  return times
}

/** The ratio of the first's duration to the second's, round by round. */
export function ratios(first: readonly number[], second: readonly number[]): readonly number[] {
  return first.map((time, round) => time / (second[round] ?? Number.NaN))
}

/** One line of a report: the median of some values, their middle half, and the bound. */
export function judge(
  what: string,
  values: readonly number[],
  { atLeast, atMost, failsAt }: Bound,
): Report {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[sorted.length >> 1] ?? Number.NaN
  const isReached = atLeast === undefined ? middle <= (atMost ?? 0) : middle >= atLeast
  const isWithin =
    failsAt === undefined
      ? isReached
      : atLeast === undefined
        ? middle <= failsAt
        : middle >= failsAt
  const asked = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  const verdict = isReached ? '' : isWithin ? ': not reached' : ': FAILED'
  return { lines: [`  ${what}: ${spread(values)}; asked ${asked}${verdict}`], failed: !isWithin }
}

/** Joins several reports under a title. */
export function together(title: string, ...reports: readonly Report[]): Report {
  return {
    lines: [title, ...reports.flatMap(({ lines }) => lines)],
    failed: reports.some(({ failed }) => failed),
  }
}
