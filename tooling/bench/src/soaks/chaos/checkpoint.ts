import type { GridDatabase } from '@grid/db'
import { createDatabase } from '@grid/db'
import type { SaverStatus } from 'event-saver'
import { type Kysely, sql } from 'kysely'
import { WebSocket } from 'ws'

/** The table of each channel whose rows are items. */
const TABLES = {
  publicTrade: 'public_trades',
  ticker: 'ticker_snapshots',
  execution: 'private_executions',
  order: 'orders',
} as const satisfies Readonly<Record<string, keyof GridDatabase>>

type Counted = keyof typeof TABLES
const COUNTED = Object.keys(TABLES) as Counted[]

/** What a saver says that it stored, and what its database holds, while nothing waits. */
export interface Checkpoint {
  readonly pid: number
  readonly heap: number
  readonly channels: Readonly<Record<Counted, ChannelCheck>>
}

interface ChannelCheck {
  readonly persisted: number
  readonly duplicate: number
  readonly rows: number
}

/** Reads a saver that is quiet. */
export async function takeCheckpoint(
  readStatus: () => Promise<SaverStatus>,
  databaseUrl: string,
  inspector: string | null,
): Promise<Checkpoint> {
  const db = createDatabase({ url: databaseUrl })
  try {
    for (;;) {
      const before = await readStatus()
      const entries: [Counted, ChannelCheck][] = []
      for (const channel of COUNTED) {
        entries.push([
          channel,
          { ...counts(before, channel), rows: await count(db, TABLES[channel]) },
        ])
      }
      const after = await readStatus()
      // Jobs of accounts may store rows meanwhile, also while the market rests.
      const isSame = COUNTED.every((channel) => {
        const [from, to] = [counts(before, channel), counts(after, channel)]
        return from.persisted === to.persisted && from.duplicate === to.duplicate
      })
      if (!isSame) continue
      return {
        pid: after.pid,
        heap: inspector === null ? Number.NaN : await usedHeap(inspector),
        // Sound: there is an entry for each channel.
        channels: Object.fromEntries(entries) as Record<Counted, ChannelCheck>,
      }
    }
  } finally {
    await db.destroy()
  }
}

/** How the rows of two checkpoints of one process compare with what it says that it stored between them. */
export interface RowsVerdict {
  /** Channels with as many new rows as were persisted. */
  readonly equal: number
  /** Channels with more rows, which the duplicates of commits without an answer explain. */
  readonly explained: number
  /** All others, as texts. */
  readonly wrong: readonly string[]
}

/** Compares what was stored between two checkpoints. */
export function compareRows(before: Checkpoint, after: Checkpoint): RowsVerdict {
  const wrong: string[] = []
  let equal = 0
  let explained = 0
  for (const channel of COUNTED) {
    const [from, to] = [before.channels[channel], after.channels[channel]]
    const rows = to.rows - from.rows
    const persisted = to.persisted - from.persisted
    const duplicate = to.duplicate - from.duplicate
    if (rows === persisted) equal += 1
    else if (rows > persisted && rows <= persisted + duplicate) explained += 1
    else wrong.push(`${channel}: ${rows} new rows, persisted ${persisted}, duplicate ${duplicate}`)
  }
  return { equal, explained, wrong }
}

function counts({ channels }: SaverStatus, channel: Counted): Omit<ChannelCheck, 'rows'> {
  const entry = channels.find((one) => one.channel === channel)
  return { persisted: entry?.persisted ?? 0, duplicate: entry?.duplicate ?? 0 }
}

async function count(db: Kysely<GridDatabase>, table: keyof GridDatabase): Promise<number> {
  const { rows } = await sql<{ n: string }>`select count(*) n from ${sql.table(table)}`.execute(db)
  return Number(rows[0]?.n)
}

/** Bytes that live after a garbage collection. */
async function usedHeap(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const call = (id: number, method: string): Promise<{ usedSize?: number }> =>
    new Promise((resolve) => {
      socket.on('message', (text) => {
        const reply = JSON.parse(String(text)) as { id?: number; result?: { usedSize?: number } }
        if (reply.id === id) resolve(reply.result ?? {})
      })
      socket.send(JSON.stringify({ id, method }))
    })
  try {
    await call(1, 'HeapProfiler.collectGarbage')
    await call(2, 'HeapProfiler.collectGarbage')
    return (await call(3, 'Runtime.getHeapUsage')).usedSize ?? Number.NaN
  } finally {
    socket.close()
  }
}
