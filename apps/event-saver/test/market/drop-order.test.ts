import { join } from 'node:path'
import { startSimulator } from '@grid/bybit-sim'
import { expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { readSegments } from '../../src/journal/read-segments.ts'
import { ownFolder } from '../support/own-folder.ts'
import { makeSaver, ownDatabase, quiet } from '../support/rig.ts'

// A journal that has room for what is dear alone.
vi.mock('../../src/storage/data-journal.ts', async (original) => {
  const module = await original<typeof import('../../src/storage/data-journal.ts')>()
  const openDataJournal: typeof module.openDataJournal = (options) =>
    Object.assign(module.openDataJournal(options), {
      accepts: (priority: string) => priority !== 'expendable',
    })
  return { ...module, openDataJournal }
})

/** The kinds of topics of which a journal has frames. */
async function topicsIn(directory: string): Promise<readonly string[]> {
  const reader = readSegments({ directory })
  const found = new Set<string>()
  while (!reader.isAtTail) {
    for (const item of await reader.next()) {
      const text = item.kind === 'frame' ? Buffer.from(item.bytes).toString() : ''
      const [, topic] = /"topic":"(\w+)\./.exec(text) ?? []
      if (topic !== undefined) found.add(topic)
    }
  }
  await reader.close()
  return [...found]
}

it.each([
  ['ticker,publicTrade', ['publicTrade']],
  ['publicTrade,ticker', ['tickers']],
  ['publicTrade', ['tickers']],
])(
  'with the order %s the journal keeps of the two kinds only %j',
  {
    timeout: 120_000,
  },
  async (order, kept) => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 65, tradesPerSecond: 100 })
    const folder = ownFolder()
    const { saver } = makeSaver(sim.wsUrl, database.url, {
      EVENTSAVER_DATA_DIR: folder,
      EVENTSAVER_JOURNAL_DROP_ORDER: order,
    })
    await saver.start()
    await expect
      .poll(() => saver.status().topics.filter(({ state }) => state === 'live').length, {
        timeout: 60_000,
      })
      .toBe(8)
    sim.burst({ symbol: 'BTCUSDT', trades: 200 })
    sim.pause()
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(60_000))
    expect(await topicsIn(join(folder, 'journal'))).toEqual(kept)
  },
)

it.each(['', 'tickers', 'ticker,order'])('the order %j is refused', (order) => {
  const env = { EVENTSAVER_JOURNAL_DROP_ORDER: order }
  const result = loadConfig({ flags: {}, env, cwd: process.cwd() })
  expect(result.ok ? [] : result.faults).toMatchObject([
    { where: 'EVENTSAVER_JOURNAL_DROP_ORDER', fix: expect.stringContaining('publicTrade,ticker') },
  ])
})
