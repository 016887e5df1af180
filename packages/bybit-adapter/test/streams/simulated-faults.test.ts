import { type Fault, type RestFaultKind, type Simulator, startSimulator } from '@grid/bybit-sim'
import { eventKey, type TickerEvent } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { BybitRestClient, RateLimiter } from '../../src/index.ts'
import { FaultRig, SYMBOLS } from '../support/fault-rig.ts'
import { until } from '../support/until.ts'

type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>

const TRADES = 'publicTrade.BTCUSDT'
const everyStream = (reason: string): string[] =>
  ['publicTrade', 'ticker'].flatMap((channel) => SYMBOLS.map((s) => `${reason} ${channel} ${s}`))

/** Nothing was lost and no socket was cut: the stream must report nothing. */
function expectNoAlarm(rig: FaultRig): void {
  const alarms = new Set(['closed', 'gap', 'recycling', 'silent_topic', 'stale', 'refused'])
  expect(rig.statuses.filter(({ type }) => alarms.has(type))).toEqual([])
}

/**
 * Every fault that the simulator has for a public stream, with the proof that the stream heals and
 * reports what happened. A new kind of fault without a line here does not compile. The faults of `auth`
 * are the private stream's; what a page of `recent-trade` leaves out, only the repair of gaps can tell.
 */
const PROOFS: {
  readonly [Kind in Exclude<Fault['kind'], 'auth' | 'recent-trade'>]: Readonly<
    Record<string, () => Promise<void>>
  >
} = {
  close: {
    'with a close frame': () => closes({ kind: 'close' }, 1001),
    'without one': () => closes({ kind: 'close', abrupt: true }, 1006),
    'losing what was on its way': () => closes({ kind: 'close', lossy: true }, 1006),
  },
  'half-open': {
    'is found by the pong that does not come': async () => {
      const rig = await FaultRig.start()
      await rig.sim.fault({ kind: 'half-open' })
      await rig.told('stale')
      await until('the gaps', () => rig.gaps.length === 4)
      expect(rig.gaps).toEqual(everyStream('stale'))
      await rig.heals()
    },
  },
  refuse: {
    'by nobody listening': () => refuses('tcp', null),
    'by HTTP 502': () => refuses('502', 502),
    'by HTTP 403': () => refuses('403', 403),
  },
  duplicate: {
    'of the next frame': () => duplicates('next'),
    'of the last frame': () => duplicates('last'),
  },
  garbage: {
    'that is no JSON': () => garbage('text', 'FRAME_NOT_JSON'),
    'that is binary': () => garbage('binary', 'FRAME_NOT_JSON'),
    'that is no UTF-8': () => garbage('invalid-utf8', 'FRAME_NOT_JSON'),
    'larger than is taken': async () => {
      const rig = await FaultRig.start({ maxPayloadBytes: 50_000 })
      await rig.sim.fault({ kind: 'garbage', payload: 'oversized', bytes: 60_000 })
      await until('the gaps', () => rig.gaps.length === 4)
      expect(rig.letters).toEqual(['FRAME_TOO_LARGE'])
      expect(rig.all('closed')).toMatchObject([{ code: 1009 }])
      await rig.heals()
    },
  },
  'reject-topic': {
    'says refused, and asks again': async () => {
      const rig = await FaultRig.start()
      await rig.sim.fault({ kind: 'reject-topic', target: TRADES, forMs: 1_000 })
      await rig.sim.fault({ kind: 'close' })
      await rig.told('refused')
      expect(rig.all('refused')).toMatchObject([
        { topic: TRADES, reason: expect.stringContaining('handler not found') },
      ])
      await until('all gaps', () => rig.gaps.length === 4)
      await rig.heals()
    },
  },
  'drop-ack': {
    'asks again': () => withoutAcks({ kind: 'drop-ack', count: 1 }),
  },
  'delay-ack': {
    'asks again': () => withoutAcks({ kind: 'delay-ack', delayMs: 600, count: 1 }),
  },
  silence: {
    'is told and cured': async () => {
      const rig = await FaultRig.start()
      await rig.sim.fault({ kind: 'silence', topic: TRADES, until: 'resubscribed' })
      await rig.told('gap')
      expect(rig.all('silent_topic')).toMatchObject([{ topic: TRADES, step: 'resubscribe' }])
      expect(rig.gaps).toEqual(['stale publicTrade BTCUSDT'])
      await rig.heals()
    },
  },
  'drop-frame': {
    'is healed by the next rotation': async () => {
      const rig = await FaultRig.start({ timings: { rotateAfterMs: 2_000 } })
      await rig.sim.fault({ kind: 'drop-frame', topic: 'tickers.BTCUSDT' })
      rig.sim.tick('BTCUSDT', { fundingCap: '0.0077' })
      const { length } = rig.events
      await rig.told('rotated', rig.all('rotated').length + 1)
      const isTold = (event: unknown) => (event as TickerEvent).fundingCap === '0.0077'
      expect(rig.events.slice(length).some(isTold)).toBe(true)
      await rig.heals()
      expect(rig.gaps).toEqual([])
    },
  },
  reorder: {
    'costs no row and no value': async () => {
      const rig = await FaultRig.start()
      rig.sim.pause()
      await rig.sim.fault({ kind: 'reorder' })
      const first = rig.sim.tick('BTCUSDT', { fundingCap: '0.0077', markPrice: '1' })
      const second = rig.sim.tick('BTCUSDT', { markPrice: '2' })
      const rows = () => rig.events.slice(-2).map((event) => (event as TickerEvent).seq)
      await until('both rows', () => rows().join() === [second.seq, first.seq].join())
      expect(rig.events.at(-1)).toMatchObject({ fundingCap: '0.0077', markPrice: '1' })
      rig.sim.resume()
      await rig.heals()
      expectNoAlarm(rig)
      expect(rig.discards).toEqual([])
    },
    'of any frames, again and again': async () => {
      const rig = await FaultRig.start()
      for (let round = 0; round < 10; round++) {
        await rig.sim.fault({ kind: 'reorder' })
        await rig.flows()
      }
      await rig.heals()
      expectNoAlarm(rig)
      expect(rig.discards).toEqual([])
    },
  },
  delay: {
    'is told by the receive time': () => lags({ kind: 'delay', delayMs: 500, forMs: 500 }),
    'costs a rotation no trade that is on its way': async () => {
      const rig = await FaultRig.start({ timings: { rotateAfterMs: 800 } })
      await rig.sim.fault({ kind: 'delay', delayMs: 400, forMs: 900 })
      await rig.told('rotated', rig.all('rotated').length + 2)
      await rig.heals()
    },
    'longer than a rotation waits is told': async () => {
      const timings = { rotateAfterMs: 800, rotateTimeoutMs: 300 }
      const rig = await FaultRig.start({ timings })
      await rig.sim.fault({ kind: 'delay', delayMs: 2_000, forMs: 900 })
      await rig.told('gap')
      expect(rig.gaps.every((gap) => gap.startsWith('stale'))).toBe(true)
      await rig.heals()
    },
  },
  slow: {
    'is told by the receive time': () => lags({ kind: 'slow', bytesPerSecond: 10_000, forMs: 600 }),
  },
  'stop-reading': {
    'is no fault while data comes, and stale once nothing does': async () => {
      const rig = await FaultRig.start()
      await rig.sim.fault({ kind: 'stop-reading', forMs: 60_000 })
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expectNoAlarm(rig)
      rig.sim.pause()
      await rig.told('stale')
      await rig.told('open', 2)
      rig.sim.resume()
      await until('the gaps', () => rig.gaps.length === 4)
      expect(rig.gaps).toEqual(everyStream('stale'))
      await rig.heals()
    },
  },
  'clock-offset': {
    'ahead is kept as the exchange tells it': () => offset(3_000),
    'behind is kept as the exchange tells it': () => offset(-3_000),
  },
  rest: {
    html: () => asksAgain('html'),
    '502': () => asksAgain('502'),
    reset: () => asksAgain('reset'),
    limited: () => asksAgain('limited'),
    late: () => asksAgain('late'),
    'empty-page': () => endsEarly('empty-page', 'empty_page'),
    'repeat-cursor': () => endsEarly('repeat-cursor', 'no_progress'),
  } satisfies { readonly [How in RestFaultKind]: () => Promise<void> },
}

async function closes(fault: FaultOf<'close'>, code: number): Promise<void> {
  const rig = await FaultRig.start()
  await rig.sim.fault(fault)
  await until('the gaps', () => rig.gaps.length === 4)
  expect(rig.all('closed')).toMatchObject([{ connection: 1, code }])
  expect(rig.gaps).toEqual(everyStream('disconnect'))
  await rig.heals()
}

async function refuses(how: FaultOf<'refuse'>['how'], httpStatus: number | null): Promise<void> {
  const rig = await FaultRig.start()
  await rig.sim.fault({ kind: 'refuse', how, forMs: 300 })
  await rig.sim.fault({ kind: 'close' })
  await rig.told('connect_failed')
  expect(rig.all('connect_failed')[0]).toMatchObject({ httpStatus })
  await until('the gaps', () => rig.gaps.length === 4)
  await rig.heals()
}

/** The same identity twice: the store keeps one and counts the other as a duplicate. */
async function duplicates(which: 'next' | 'last'): Promise<void> {
  const rig = await FaultRig.start()
  await rig.sim.fault({ kind: 'duplicate', which })
  const twice = () =>
    [...Map.groupBy(rig.events, eventKey).values()].find((same) => same.length > 1)
  await until('an event twice', () => twice() !== undefined)
  const [one, other] = twice() ?? []
  expect({ ...other, localTsUs: 0 }).toEqual({ ...one, localTsUs: 0 })
  await rig.heals()
  expectNoAlarm(rig)
}

async function garbage(payload: FaultOf<'garbage'>['payload'], code: string): Promise<void> {
  const rig = await FaultRig.start()
  await rig.sim.fault({ kind: 'garbage', payload })
  await until('a dead letter', () => rig.letters.length === 1)
  expect(rig.letters).toEqual([code])
  await rig.heals()
  expectNoAlarm(rig)
}

/** Without data only acks prove trade topics. */
async function withoutAcks(fault: Fault): Promise<void> {
  const rig = await FaultRig.start()
  rig.sim.pause()
  await rig.sim.fault(fault)
  await rig.sim.fault({ kind: 'close' })
  await rig.told('resubscribing')
  expect(rig.all('resubscribing')[0]).toMatchObject({ reason: 'no ack' })
  await until('live without data', () => rig.stream.topics().every(({ state }) => state === 'live'))
  rig.sim.resume()
  await until('the gaps', () => rig.gaps.length === 4)
  await rig.heals()
}

async function lags(fault: Fault): Promise<void> {
  const rig = await FaultRig.start()
  const lag = () => Math.max(...rig.events.map((e) => e.localTsUs / 1000 - e.exchangeTs))
  await rig.sim.fault(fault)
  await until('late data', () => lag() >= 300)
  await rig.heals()
  expectNoAlarm(rig)
}

async function offset(offsetMs: number): Promise<void> {
  const rig = await FaultRig.start()
  await rig.sim.fault({ kind: 'clock-offset', offsetMs })
  const isOffset = ({ channel, exchangeTs, localTsUs }: (typeof rig.events)[number]): boolean =>
    channel === 'publicTrade' && Math.abs(exchangeTs - localTsUs / 1000 - offsetMs) < 1_500
  await until('times of the other clock', () => rig.events.some(isOffset))
  await rig.heals()
  expectNoAlarm(rig)
}

const INSTRUMENTS = '/v5/market/instruments-info'

async function simulate(): Promise<Simulator> {
  const sim = await startSimulator({ symbols: ['AUSDT', 'BUSDT', 'CUSDT'], paused: true })
  onTestFinished(() => sim.stop())
  return sim
}

async function instruments(sim: Simulator, how: RestFaultKind, maxAttempts: number) {
  await sim.fault({ kind: 'rest', how, path: INSTRUMENTS, delayMs: 5_000 })
  const client = new BybitRestClient({
    restUrl: sim.restUrl,
    limiter: new RateLimiter(),
    timeoutMs: 500,
    random: () => 0,
    maxAttempts,
  })
  return client.instrumentsInfo({ category: 'linear', limit: 1 }).all()
}

async function asksAgain(how: RestFaultKind): Promise<void> {
  const sim = await simulate()
  await expect(instruments(sim, how, 1)).rejects.toMatchObject({ retryable: true })
  expect(await instruments(sim, how, 4)).toMatchObject({ end: 'last_page', items: { length: 3 } })
}

/** Nothing was refused: only the end says that there is more. */
async function endsEarly(how: RestFaultKind, end: string): Promise<void> {
  const sim = await simulate()
  await sim.fault({ kind: 'rest', how, path: INSTRUMENTS })
  expect(await instruments(sim, how, 4)).toMatchObject({ end })
}

for (const [kind, proofs] of Object.entries(PROOFS)) {
  test.each(Object.entries(proofs))(`${kind} %s`, (_name, prove) => prove(), 300_000)
}
