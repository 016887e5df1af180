import type { Proof } from '@grid/proof'
import type { SaverStatus } from 'event-saver'

/** What was done to the capture while it ran. */
export interface Disturbances {
  readonly cut: boolean
  readonly burst: boolean
}

/** Whether something was captured, a cut left its gap on every stream, and nothing is wrong. */
export function succeeded(status: SaverStatus, proof: Proof, done: Disturbances): boolean {
  return (
    proof.trades.stored > 0 &&
    proof.tickers.stored > 0 &&
    // A reconnect without a gap would be a blind spot.
    (!done.cut || (status.connections > 1 && status.gaps.recent.length >= status.topics.length)) &&
    proof.missing + proof.unexpected + proof.different + proof.unsentOutsideGaps === 0 &&
    proof.neverSent.length === 0 &&
    status.channels.every((entry) => entry.imbalance === 0 && entry.dropped === 0)
  )
}

/** What was captured, what was not, and how that compares with the truth. */
export function reportLines(status: SaverStatus, proof: Proof): string[] {
  return [
    '',
    `captured ${proof.trades.stored} trades and ${proof.tickers.stored} tickers of ${status.topics.length} streams over ${status.connections} connections`,
    ...status.channels.filter((entry) => entry.received > 0).map(conservationLine),
    ...gapLines(status),
    `produced while no subscriber was connected: ${proof.unsent}, of which outside the recorded gaps: ${proof.unsentOutsideGaps}`,
    `sent ${proof.trades.sent + proof.tickers.sent}, stored ${proof.trades.stored + proof.tickers.stored}, columns that differ ${proof.different}`,
    ...proof.samples.map((sample) => `  ${sample}`),
    ...proof.neverSent.map((stream) => `  nothing was sent of ${stream}`),
    `missing ${proof.missing}, unexpected ${proof.unexpected}`,
  ]
}

function conservationLine(entry: SaverStatus['channels'][number]): string {
  return (
    `${entry.channel}: received ${entry.received} = persisted ${entry.persisted} + merged ${entry.merged} + duplicate ${entry.duplicate}` +
    ` + conflict ${entry.conflict} + filtered ${entry.filtered} + discarded ${entry.discarded} + dropped ${entry.dropped} + dead-lettered ${entry.deadLettered} + waiting ${entry.waiting}` +
    (entry.imbalance === 0 ? '' : ` + UNACCOUNTED ${entry.imbalance}`)
  )
}

function gapLines(status: SaverStatus): string[] {
  return status.gaps.recent.map(({ gap, state }) => {
    const seconds = ((gap.endTs - gap.startTs) / 1000).toFixed(3)
    const [start, end] = [gap.startTs, gap.endTs].map((ts) => new Date(ts).toISOString())
    const whose = 'symbol' in gap ? gap.symbol : gap.accountId
    return `gap ${gap.channel} ${whose}: ${start} to ${end} (${seconds} s, ${gap.reason}, ${state})`
  })
}
