import { parseArgs } from 'node:util'
import { archiveSpeed } from './benches/archive.ts'
import { endToEnd } from './benches/end-to-end.ts'
import { journalSpeed } from './benches/journal.ts'
import { normalizeSpeed } from './benches/normalize.ts'
import { startTime } from './benches/start.ts'
import { coverageSpeed } from './storage/coverage.ts'
import { insertDecay } from './storage/decay.ts'
import { insertSpeed } from './storage/insert.ts'
import { readSpeed } from './storage/read.ts'
import { storageSize } from './storage/size.ts'
import { tickerInsert } from './storage/ticker-insert.ts'
import { tickerRead } from './storage/ticker-read.ts'
import { twoWriters } from './storage/two-writers.ts'

/** All benches by name. A new bench adds its line here. */
const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  'end-to-end': ({ seconds, rate }) => endToEnd({ seconds, tradesPerSecond: rate }),
  start: startTime,
  normalize: async () => ({ lines: await normalizeSpeed(), failed: false }),
  journal: journalSpeed,
  archive: async () => ({ lines: await archiveSpeed(), failed: false }),
  insert: insertSpeed,
  decay: insertDecay,
  read: readSpeed,
  storage: storageSize,
  'two-writers': twoWriters,
  'ticker-insert': tickerInsert,
  'ticker-read': tickerRead,
  coverage: coverageSpeed,
}

interface BenchOptions {
  readonly seconds: number
  readonly rate: number
  readonly busy: boolean
}

/** The lines of a report, and whether something was wrong. */
interface BenchResult {
  readonly lines: readonly string[]
  readonly failed: boolean
}

const HELP = `Runs benchmarks with real processes, real sockets and a real PostgreSQL.

  --only <name>     one of ${Object.keys(BENCHES).join(', ')} (default: all)
  --seconds <n>     how long end-to-end runs (default 300)
  --rate <n>        trades a second in end-to-end (default 16000)
  --busy            starts while another process takes each core

Exit code 1 if a bench is out of its bounds.
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '300' },
      rate: { type: 'string', default: '16000' },
      busy: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const wanted = values.only === undefined ? Object.keys(BENCHES) : [values.only]
  if (values.help || wanted.some((name) => !Object.hasOwn(BENCHES, name))) {
    process.stdout.write(HELP)
    if (!values.help) process.exitCode = 2
    return
  }
  for (const name of wanted) {
    const result = await BENCHES[name]?.({
      seconds: Number(values.seconds),
      rate: Number(values.rate),
      busy: values.busy,
    })
    process.stdout.write(`${result?.lines.join('\n')}\n\n`)
    if (result?.failed) process.exitCode = 1
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})
