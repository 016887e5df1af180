import { readTradeArchive } from '@grid/bybit-adapter'

/** What it took to read a file; printed as JSON. */
export interface ArchiveReading {
  readonly read: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly rss: number
}

async function readAll(file: string): Promise<ArchiveReading> {
  const started = performance.now()
  const cpu = process.cpuUsage()
  const day = { category: 'linear', symbol: 'BTCUSDT', day: '2026-11-21' } as const
  let read = 0
  let rss = 0
  for await (const { events } of readTradeArchive({ ...day, file })) {
    read += events.length
    rss = Math.max(rss, process.memoryUsage.rss())
  }
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - started) / 1000
  return { read, seconds, cpuSeconds: (user + system) / 1e6, rss }
}

const [file = ''] = process.argv.slice(2)
readAll(file).then((reading) => process.stdout.write(JSON.stringify(reading)))
