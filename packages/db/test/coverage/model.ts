import type { CoverageEvidence, CoverageInterval } from '../../src/index.ts'

// The ledger again, as plainly as it can be said: each millisecond is asked by itself. It shares nothing with the SQL.

export interface ModelLine {
  readonly collector: number
  /** When it was heard last: said by a beat, then by its end. */
  heard: number | null
  isOpen: boolean
}

interface ModelClaim {
  readonly order: number
  readonly stream: number
  readonly from: number
  to: number | null
  readonly line: ModelLine | null
  readonly evidence: CoverageEvidence
}

interface ModelLoss {
  readonly order: number
  readonly from: number
  to: number | null
  readonly stream: number | null
  readonly channel: string | null
  readonly collector: number | null
  readonly line: ModelLine | null
}

const STRENGTH: readonly CoverageEvidence[] = [
  'imported',
  'live',
  'rest',
  'sequence',
  'continuity',
  'candle',
  'archive',
]

export class CoverageModel {
  readonly claims: ModelClaim[] = []
  readonly losses: ModelLoss[] = []
  readonly wanted: { readonly stream: number; readonly from: number; to: number | null }[] = []
  /** By collector and channel. */
  readonly stored: Map<string, number> = new Map()
  /** Whose position the database has, by name and channel: another journal of the name replaces it. */
  readonly positions: Map<string, number> = new Map()
  readonly #channels: readonly string[]

  /** @param channels the channel of each stream */
  constructor(channels: readonly string[]) {
    this.#channels = channels
  }

  /** The state of one millisecond of a stream; null when nobody wants it then. */
  at(stream: number, ms: number): string | null {
    const isWanted = this.wanted.some(
      (span) => span.stream === stream && span.from <= ms && (span.to === null || ms < span.to),
    )
    if (!isWanted) return null
    const channel = this.#channels[stream]
    const heard = this.claims.filter(
      (claim) =>
        claim.stream === stream &&
        claim.from <= ms &&
        (claim.to === null || ms < claim.to) &&
        (claim.line === null || (claim.line.heard !== null && ms < claim.line.heard)) &&
        !this.losses.some((loss) => this.#isCut(claim, loss, ms)),
    )
    const held = heard.filter(({ line }) => {
      if (line === null) return true
      const until = this.stored.get(`${line.collector} ${channel}`)
      return until !== undefined && ms < until
    })
    if (held.length > 0) {
      const strengths = held.map(({ evidence }) => STRENGTH.indexOf(evidence))
      return `covered ${STRENGTH[Math.max(...strengths)]}`
    }
    const storing = new Set(this.positions.values())
    const isPending = heard.some(({ line }) => line !== null && storing.has(line.collector))
    return isPending ? 'pending null' : 'gap null'
  }

  #isCut(claim: ModelClaim, loss: ModelLoss, ms: number): boolean {
    if (ms < loss.from || (loss.to !== null && ms >= loss.to)) return false
    if (loss.stream !== null && loss.stream !== claim.stream) return false
    if (loss.channel !== null && loss.channel !== this.#channels[claim.stream]) return false
    if (loss.line !== null) return loss.line === claim.line
    if (loss.collector !== null) return claim.line?.collector === loss.collector
    return loss.order > claim.order
  }
}

/** The state of each millisecond of an interval, as the database said; throws where it said two. */
export function statesOf(
  intervals: readonly CoverageInterval[],
  from: number,
  to: number,
): readonly (string | null)[] {
  const states: (string | null)[] = Array.from({ length: to - from }, () => null)
  for (const interval of intervals) {
    for (let ms = interval.from; ms < interval.to; ms++) {
      if (states[ms - from] !== null) throw new Error(`two states of ${ms}`)
      states[ms - from] = `${interval.state} ${interval.evidence}`
    }
  }
  return states
}
