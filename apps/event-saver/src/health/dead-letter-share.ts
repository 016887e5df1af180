import type { LedgerChannel, LedgerEntry } from '../pipeline/ledger.ts'

/** A verdict is about the items of this time, or of more where they are few. */
const WINDOW_MS = 10_000
const LONGEST_WINDOW_MS = 600_000
/** So many items are enough for a verdict. */
const ENOUGH = 10
/** So few dead letters are none: one odd message of a quiet channel. */
const LEAST_DEAD = 3
const SAMPLE_MS = 1000

/** What became of a channel's items until a moment. */
interface Counts {
  readonly dead: number
  readonly settled: number
}

interface Sample {
  readonly atMs: number
  readonly counts: ReadonlyMap<LedgerChannel, Counts>
}

const NONE: Counts = { dead: 0, settled: 0 }

/** Notices when most of what a channel brings becomes dead letters: what it sends is no longer understood, or stored. */
export class DeadLetterShare {
  /** Oldest first; at the start nothing had come. */
  #samples: Sample[] = []

  /** Says of which channels most becomes dead letters, null for none; `nowMs` must never be set back. */
  judge(entries: readonly LedgerEntry[], nowMs: number): string | null {
    const counts = countsOf(entries)
    const faults = [...counts].flatMap(([channel, now]) => {
      const before = this.#before(channel, now, nowMs)
      const [dead, settled] = [now.dead - before.dead, now.settled - before.settled]
      if (dead < LEAST_DEAD || dead * 2 <= settled) return []
      const what = channel === 'unknown' ? 'frames that name no channel' : channel
      return [`${dead} of the last ${settled} items of ${what}`]
    })
    this.#keep({ atMs: nowMs, counts })
    return faults.length === 0 ? null : `became dead letters: ${faults.join(', ')}`
  }

  #before(channel: LedgerChannel, now: Counts, nowMs: number): Counts {
    for (let index = this.#samples.length - 1; index >= 0; index -= 1) {
      const { atMs, counts } = this.#samples[index] as Sample
      if (nowMs - atMs < WINDOW_MS) continue
      const before = counts.get(channel) ?? NONE
      if (now.settled - before.settled >= ENOUGH) return before
      if (nowMs - atMs >= LONGEST_WINDOW_MS) return before
    }
    return NONE
  }

  #keep(sample: Sample): void {
    const newest = this.#samples.at(-1)
    if (newest !== undefined && sample.atMs - newest.atMs < SAMPLE_MS) return
    this.#samples.push(sample)
    // One that is older than the longest window stays, as what was before it.
    const isOld = (kept: Sample | undefined): boolean =>
      kept !== undefined && sample.atMs - kept.atMs >= LONGEST_WINDOW_MS
    while (isOld(this.#samples[1])) this.#samples.shift()
  }
}

/** Frames that name no channel are compared with all items: they may have been of any. */
function countsOf(entries: readonly LedgerEntry[]): Map<LedgerChannel, Counts> {
  const counts = new Map<LedgerChannel, Counts>()
  let all = 0
  for (const entry of entries) {
    const dead = entry.deadLettered + entry.conflict
    const settled = dead + entry.persisted + entry.merged + entry.duplicate + entry.filtered
    all += settled
    counts.set(entry.channel, { dead, settled })
  }
  const unknown = counts.get('unknown')
  if (unknown !== undefined) counts.set('unknown', { dead: unknown.dead, settled: all })
  return counts
}
