import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BybitPublicStream, createNormalizer } from '@grid/bybit-adapter'
import { spread } from '../support/figures.ts'
import { bybitApi, type Client, installedClients } from './other-clients.ts'
import { RECORDED_TOPICS, recordFrames } from './recorded-frames.ts'

/** In every round each contender has its turn, so that a slow phase of the machine hits all alike. */
const PARSE_ROUNDS = 60
const WARM_UP_ROUNDS = 15
const SOCKET_ROUNDS = 5
const LAST_ID = 'the-last-trade'
const LAST_FRAME = JSON.stringify({
  topic: 'publicTrade.BTCUSDT',
  type: 'snapshot',
  ts: 1760000000105,
  data: [{ T: 1760000000101, s: 'BTCUSDT', S: 'Buy', v: '1', p: '1', i: LAST_ID, seq: 1 }],
})

/**
 * Measures how much it costs to turn frames into events, on frames recorded from the simulator:
 * compared with `JSON.parse` alone, and, over a socket, with the CPU time of other clients.
 *
 * Gives the report's lines: medians of ratios, with the middle half of the rounds.
 *
 * @example
 * console.log((await normalizeSpeed()).join('\n'))
 */
export async function normalizeSpeed(): Promise<readonly string[]> {
  const frames = await recordFrames(5_000)
  const isTrade = (frame: string): boolean => frame.startsWith('{"topic":"publicTrade.')
  return [
    `normalizing ${frames.length} recorded frames, in multiples of JSON.parse alone`,
    ...overParse('trades', frames.filter(isTrade)),
    ...overParse(
      'ticker deltas',
      frames.filter((frame) => !isTrade(frame)),
    ),
    'receiving them over a socket, in multiples of the CPU time of bybit-api',
    ...(await overBybitApi(frames)),
  ]
}

function overParse(what: string, frames: readonly string[]): string[] {
  const buffers = frames.map((frame) => Buffer.from(frame))
  const rivals = {
    parse: () => {
      for (const frame of frames) keep(JSON.parse(frame))
    },
    events: ({ normalize }: Bound) => {
      for (const frame of frames) keep(normalize(frame))
    },
    parseBytes: () => {
      for (const bytes of buffers) keep(JSON.parse(bytes.toString()))
    },
    eventsOfBytes: ({ normalize }: Bound) => {
      for (const bytes of buffers) keep(normalize(bytes))
    },
  }
  const ofText: number[] = []
  const ofBytes: number[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + PARSE_ROUNDS; round++) {
    const [fresh, freshToo] = [bound(), bound()]
    const parse = timed(rivals.parse)
    const events = timed(() => rivals.events(fresh))
    const parseBytes = timed(rivals.parseBytes)
    const eventsOfBytes = timed(() => rivals.eventsOfBytes(freshToo))
    if (round < WARM_UP_ROUNDS) continue
    ofText.push(events / parse)
    ofBytes.push(eventsOfBytes / parseBytes)
  }
  return [`  ${what}, as text: ${spread(ofText)}`, `  ${what}, as bytes: ${spread(ofBytes)}`]
}

interface Bound {
  readonly normalize: (frame: string | Uint8Array) => unknown
}

/** A new normalizer: one that has seen the frames before would treat them as late. */
function bound(): Bound {
  const normalizer = createNormalizer({ category: 'linear' })
  return { normalize: (frame) => normalizer.normalize(frame, 1_760_000_000_000_000) }
}

async function overBybitApi(frames: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-bench-'))
  const file = join(folder, 'frames.ndjson')
  await writeFile(file, [...frames, LAST_FRAME].join('\n'))
  const script = fileURLToPath(new URL('./frame-server.ts', import.meta.url))
  const passes = Math.ceil(30_000 / frames.length)
  const server = fork(script, [file, String(passes), String(RECORDED_TOPICS.length)])
  try {
    const [port]: unknown[] = await once(server, 'message')
    const url = `ws://127.0.0.1:${port}`
    const clients: [string, Client][] = [
      ['bybit-api', bybitApi],
      ['this adapter', ours],
      ...installedClients().map(([name, client]): [string, Client] => [name, client]),
    ]
    const ratios = new Map<string, number[]>(clients.map(([name]) => [name, []]))
    for (let round = -1; round < SOCKET_ROUNDS; round++) {
      let reference = 0
      for (const [name, client] of clients) {
        const spent = await cpuOf(() => client(url, RECORDED_TOPICS, LAST_ID))
        if (name === 'bybit-api') reference = spent
        if (round >= 0) ratios.get(name)?.push(spent / reference)
      }
    }
    return [...ratios].map(([name, values]) => `  ${name}: ${spread(values)}`)
  } finally {
    server.disconnect()
    await rm(folder, { recursive: true })
  }
}

const ours: Client = async (wsUrl, topics, lastId) => {
  const symbols = [...new Set(topics.map((topic) => topic.slice(topic.indexOf('.') + 1)))]
  const stream = new BybitPublicStream({
    wsUrl,
    category: 'linear',
    symbols,
    channels: ['ticker', 'publicTrade'],
  })
  const done = new Promise<void>((resolve) => {
    stream.on('publicTrade', ({ tradeId }) => {
      if (tradeId === lastId) resolve()
    })
  })
  stream.on('ticker', keep)
  await stream.start()
  await done
  await stream.close()
}

/** The CPU time that some work takes in this process, all threads, in microseconds. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function timed(work: () => void): number {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

let kept: unknown

/** Uses a value, so that the optimizer does not skip the work that made it. */
function keep(value: unknown): void {
  void kept
  kept = value
}
