import { COMPARED, type Proof } from '@grid/proof'
import type { SaverStatus } from 'event-saver'

/** What the demonstration did to the capture while it ran. */
export interface Disturbances {
  readonly cut: boolean
  readonly burst: boolean
}

/** A run of the demonstration. */
export interface Run {
  readonly status: SaverStatus
  readonly proof: Proof
  readonly done: Disturbances
  /** Whether it ran to its end, rather than until Ctrl-C. */
  readonly isWhole: boolean
}

/** What went wrong, as sentences; empty when everything that was sent is stored. */
export function problemsOf({ status, proof, done, isWhole }: Run): string[] {
  const streams = status.topics.length
  const gaps = status.gaps.recent.length
  const found: readonly (readonly [problem: string, isFound: boolean])[] = [
    ...COMPARED.map((name) => [`no ${name} were captured`, proof[name].stored === 0] as const),
    ['the connection was not cut', isWhole && !done.cut],
    ['the large match was not sent', isWhole && !done.burst],
    ['there was no reconnect after the cut', done.cut && status.connections <= 1],
    // A reconnect without a gap would be a blind spot.
    [`the cut left ${gaps} gaps on ${streams} streams`, done.cut && gaps < streams],
    [`${proof.missing} sent items are not stored`, proof.missing > 0],
    [`${proof.unexpected} stored rows were never sent`, proof.unexpected > 0],
    [`${proof.different} columns hold something else than was sent`, proof.different > 0],
    [
      `${proof.unsentOutsideGaps} items were missed and lie in no recorded gap`,
      proof.unsentOutsideGaps > 0,
    ],
    ...proof.neverSent.map((stream) => [`nothing was sent of ${stream}`, true] as const),
    ...status.channels.flatMap(
      ({ channel, imbalance, dropped }) =>
        [
          [`${imbalance} received items of ${channel} are not accounted for`, imbalance !== 0],
          [`${dropped} received items of ${channel} were dropped`, dropped !== 0],
        ] as const,
    ),
  ]
  return found.flatMap(([problem, isFound]) => (isFound ? [problem] : []))
}

/** What was captured, what was missed, and how that compares with what the exchange sent. */
export function reportLines(run: Run): string[] {
  const { status, proof } = run
  const problems = problemsOf(run)
  const figures = COMPARED.map((name) => proof[name])
  const sent = figures.reduce((sum, figure) => sum + figure.sent, 0)
  const stored = figures.reduce((sum, figure) => sum + figure.stored, 0)
  const captured = COMPARED.map((name) => `${proof[name].stored} ${name}`).join(' and ')
  return [
    '',
    `Captured ${captured} of ${status.topics.length} streams, over ${status.connections} connections.`,
    '',
    'What became of every received item:',
    ...status.channels.filter((entry) => entry.received > 0).map(balanceLine),
    '',
    ...gapLines(status),
    `Items produced while the connection was down: ${proof.unsent}, of these stored by filling gaps: ${proof.repaired}, neither stored nor in a gap: ${proof.unsentOutsideGaps}`,
    `Items sent: ${sent}, rows stored: ${stored - proof.repaired} and ${proof.repaired} that were missed, missing ${proof.missing}, unexpected ${proof.unexpected}, columns that differ ${proof.different}`,
    ...proof.samples.map((sample) => `  ${sample}`),
    '',
    ...(problems.length === 0
      ? [
          'Complete: everything that the exchange sent is stored exactly once, and everything that was missed was read again or lies in a recorded gap.',
        ]
      : ['FAILED:', ...problems.map((problem) => `  ${problem}`)]),
  ]
}

const TERMS = {
  persisted: 'stored',
  merged: 'merged',
  duplicate: 'duplicate',
  conflict: 'in conflict',
  filtered: 'filtered',
  discarded: 'discarded',
  dropped: 'dropped',
  deadLettered: 'dead letters',
  waiting: 'waiting',
  imbalance: 'UNACCOUNTED',
} as const

function balanceLine(entry: SaverStatus['channels'][number]): string {
  const terms = Object.entries(TERMS).flatMap(([name, word]) => {
    const count = entry[name as keyof typeof TERMS]
    return count === 0 && name !== 'persisted' ? [] : [`${count} ${word}`]
  })
  return `  ${entry.channel.padEnd(12)} ${entry.received} received = ${terms.join(' + ')}`
}

function gapLines(status: SaverStatus): string[] {
  const gaps = status.gaps.recent.map(({ gap, state }) => {
    const seconds = ((gap.endTs - gap.startTs) / 1000).toFixed(3)
    const [start, end] = [gap.startTs, gap.endTs].map((ts) => new Date(ts).toISOString())
    const whose = 'symbol' in gap ? gap.symbol : gap.accountId
    return `  ${gap.channel.padEnd(12)} ${whose.padEnd(10)} ${start} to ${end}  ${seconds} s  ${gap.reason}, ${state}`
  })
  if (gaps.length === 0) return []
  return [
    'Gaps recorded (filled: read again from the exchange; unrecoverable: it keeps no history):',
    ...gaps,
    '',
  ]
}
