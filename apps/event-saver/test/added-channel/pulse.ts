import type { EventBase, PublicChannel, PublicEvent } from '@grid/core-events'
import type { DailyTable, PartitionedTable } from '@grid/db'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { z } from 'zod'

/** The name of a channel that exists in this folder alone. */
export const PULSE = 'pulse' as PublicChannel

/** Its event: a number, by symbol and interval. */
export interface PulseEvent extends EventBase {
  readonly channel: 'pulse'
  readonly variant: string
  readonly beats: number
}

/** What core-events knows of it: nothing of what was missed can be read later. */
export const PULSE_DEFINITION = {
  schema: z.custom<PulseEvent>(),
  key: ({ category, symbol, variant, exchangeTs }: PulseEvent) =>
    ['pulse', category, symbol, variant, exchangeTs].join('|'),
  history: 'none',
} as const

/** What the adapter knows of it: topics `pulse.{interval}.{symbol}`, items `{ T, beats }`. */
export const PULSE_DIALECT = {
  channel: PULSE,
  topicKinds: () => [
    {
      prefix: 'pulse',
      variant: '5',
      proof: 'ack',
      speaksOnTrade: false,
      tailOf: (symbol: string) => symbol,
    },
  ],
  createMappers: () => [
    {
      isList: true,
      map: (item: unknown, context: PulseContext): PulseEvent | null => {
        const { T, beats } = item as { readonly T?: unknown; readonly beats?: unknown }
        if (typeof T !== 'number' || typeof beats !== 'number') return null
        const { category, topicSymbol: symbol, variant, localTsUs } = context
        const stamp = { category, symbol, exchangeTs: T, localTsUs, source: 'ws' } as const
        return { channel: 'pulse', ...stamp, variant, beats }
      },
      explain: () => ({ field: 'beats', inEnvelope: false, value: null, message: 'no number' }),
      symbolOf: (_item: unknown, { topicSymbol }: PulseContext) => topicSymbol,
      reset: () => {},
    },
  ],
}

interface PulseContext {
  readonly category: PulseEvent['category']
  readonly topicSymbol: string
  readonly variant: string
  readonly localTsUs: number
}

/** How db stores it; rows are found as those of a table with a plain key. */
export function pulseTable(plain: DailyTable<never>): DailyTable<PulseEvent> {
  return {
    channel: 'pulse',
    // Sound: the table is made by `createPulseTable`.
    table: 'pulses' as PartitionedTable,
    columns: [
      { name: 'category', field: 'category', kind: 'text' },
      { name: 'symbol', field: 'symbol', kind: 'text' },
      { name: 'exchange_ts', field: 'exchangeTs', kind: 'ms' },
      { name: 'variant', field: 'variant', kind: 'text' },
      { name: 'beats', field: 'beats', kind: 'integer' },
      { name: 'local_ts', field: 'localTsUs', kind: 'us' },
      { name: 'source', field: 'source', kind: 'text' },
    ],
    key: ['category', 'symbol', 'exchangeTs', 'variant'],
    lookup: plain.formerLookup ?? plain.lookup,
    compare: (a, b) =>
      a.category.localeCompare(b.category) ||
      a.symbol.localeCompare(b.symbol) ||
      a.exchangeTs - b.exchangeTs ||
      a.variant.localeCompare(b.variant),
    order: ['pulses.variant'],
    immutable: [{ field: 'beats' }],
    grants: plain.grants,
    rank: 99,
  }
}

/** Makes the table, as a migration would. */
export async function createPulseTable<Schema>(db: Kysely<Schema>): Promise<void> {
  await sql`create table pulses (
    category text collate "C" not null, symbol text collate "C" not null,
    exchange_ts timestamptz not null, variant text collate "C" not null,
    beats integer not null, local_ts timestamptz not null, source text not null,
    primary key (category, symbol, exchange_ts, variant)
  ) partition by range (exchange_ts)`.execute(db)
}

/** The text of a frame. */
export function pulseFrame(topic: string, ...items: readonly object[]): string {
  return JSON.stringify({ topic, type: 'delta', ts: Date.now(), data: items })
}

/** Sound: in this folder the channel is one of them. */
export function asPulse(event: PublicEvent): PulseEvent {
  return event as unknown as PulseEvent
}
