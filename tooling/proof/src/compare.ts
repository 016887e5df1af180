import type { TruthItem } from '@grid/bybit-sim'
import { CaptureGapRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { ChannelComparison, Produced } from './channels/channel-comparison.ts'
import { COMPARED, COMPARISONS, type ComparedName } from './channels/comparisons.ts'
import { Findings } from './findings.ts'
import { GapCover, type Unsent } from './gap-cover.ts'
import { ProducedItems } from './produced-items.ts'

/** How many items of a channel were sent and stored. */
export interface ChannelProof {
  /** Items written to at least one subscriber. */
  readonly sent: number
  /** Rows stored. */
  readonly stored: number
}

/** The result of comparing a database with the truth. */
export interface Proof extends Unsent, Readonly<Record<ComparedName, ChannelProof>> {
  /** Items that were sent but are not stored. */
  readonly missing: number
  /** Rows that are stored but were never sent, and that no repair brought. */
  readonly unexpected: number
  /** Columns that hold something else than was sent. */
  readonly different: number
  /** The first findings, as sentences. */
  readonly samples: readonly string[]
}

/**
 * Compares every stored row of the truth's symbols with what the simulator sent, column by column, and
 * checks that every item that was sent to nobody lies in a recorded gap.
 *
 * @example
 * const proof = await compareWithTruth(db, simulator.truthItems())
 * proof.missing === 0 && proof.unexpected === 0 && proof.different === 0
 */
export async function compareWithTruth(
  db: Kysely<GridDatabase>,
  truth: AsyncIterable<TruthItem> | Iterable<TruthItem>,
): Promise<Proof> {
  const findings = new Findings()
  const items = new ProducedItems()
  const cover = new GapCover(await new CaptureGapRepository(db).list())
  const byKind = new Map(
    COMPARED.flatMap((name) => COMPARISONS[name].map((one): Entry => [one.kind, one])),
  )
  for await (const item of truth) {
    if (item.kind === 'raw' || item.kind === 'symbol') continue
    const comparison = byKind.get(item.kind)
    if (comparison === undefined) throw new Error(`no comparison for truth items of ${item.kind}`)
    if (comparison.isStored?.(item) === false) continue
    items.add(item, comparison.idOf(item))
    cover.note(item, comparison)
  }
  const figures: [ComparedName, ChannelProof][] = []
  const repaired = new Set<string>()
  for (const name of COMPARED) {
    const proofs: ChannelProof[] = []
    for (const comparison of COMPARISONS[name]) {
      proofs.push(await compareChannel(db, comparison, items, { findings, repaired }))
    }
    figures.push([name, sumOf(proofs)])
  }
  return {
    // Sound: there is a figure for each name.
    ...(Object.fromEntries(figures) as Record<ComparedName, ChannelProof>),
    missing: findings.missing,
    unexpected: findings.unexpected,
    different: findings.different,
    ...cover.result((stream, id) => repaired.has(`${stream} ${id}`)),
    samples: findings.samples,
  }
}

interface Results {
  readonly findings: Findings
  /** Names of streams and ids of items that repairs stored. */
  readonly repaired: Set<string>
}

type Entry = readonly [Produced['kind'], ChannelComparison]

async function compareChannel(
  db: Kysely<GridDatabase>,
  comparison: ChannelComparison,
  items: ProducedItems,
  { findings, repaired }: Results,
): Promise<ChannelProof> {
  let sent = 0
  let stored = 0
  for (const { instrument, byId } of items.instruments(comparison.kind)) {
    const expected = new Map<string, Produced>(
      [...byId].filter(([, item]) => item.sentTo.length > 0),
    )
    const missing = new Set(expected.keys())
    const comparer = comparison.columns(items.of(instrument))
    const name = `${comparison.name} ${instrument.category} ${instrument.symbol}`
    sent += expected.size
    for await (const row of comparison.rows(db, instrument)) {
      stored += 1
      const id = comparison.idOfRow(row)
      const isRepaired = comparison.isRepaired?.(row) === true
      const truth = isRepaired ? byId.get(id) : expected.get(id)
      if (isRepaired) repaired.add(`${name} ${id}`)
      if (truth === undefined) {
        findings.addUnexpected(`${name} ${id}`)
        continue
      }
      missing.delete(id)
      for (const [column, wanted, found] of comparer.compare(truth, row)) {
        if (wanted !== found) findings.addDifferent(`${name} ${id}`, column, wanted, found)
      }
    }
    for (const id of missing) findings.addMissing(`${name} ${id}`)
  }
  return { sent, stored }
}

function sumOf(proofs: readonly ChannelProof[]): ChannelProof {
  return proofs.reduce(
    (sum, { sent, stored }) => ({ sent: sum.sent + sent, stored: sum.stored + stored }),
    { sent: 0, stored: 0 },
  )
}
