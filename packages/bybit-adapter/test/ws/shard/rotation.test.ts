import { expect, test } from 'vitest'
import { Rotation, type RotationHost, type RotationPhase } from '../../../src/ws/shard/rotation.ts'
import { DEFAULT_TIMINGS } from '../../../src/ws/stream/stream-timings.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

const { gapPadMs, rotateRetryMs, rotateTimeoutMs } = DEFAULT_TIMINGS
const DAY_MS = 24 * 3_600_000

/** Two connections in the state that a test sets, and what the rotation made of them. */
class Host implements RotationHost {
  readonly clock = new SteppedClock()
  readonly rotation = new Rotation({ clock: this.clock, timings: DEFAULT_TIMINGS }, this)
  calls: string[] = []
  isOld = true
  isNext = true
  isNextReady = true
  late: string[] = []
  /** When the old connection last gave a frame; by default just now. */
  lastMs: number | null = null

  isOldOpen(): boolean {
    return this.isOld
  }
  isNextOpen(): boolean {
    return this.isNext
  }
  lastInboundMs(): number {
    return this.lastMs ?? this.clock.nowMs
  }
  isReady(): boolean {
    return this.isNextReady
  }
  lateTopics(): ReadonlySet<string> {
    return new Set(this.late)
  }
  connect(): void {
    this.calls.push('connect')
  }
  probe(): void {
    this.calls.push('probe')
  }
  replace({ isStale, late }: Parameters<RotationHost['replace']>[0]): void {
    const lacks = late.size === 0 ? '' : `, lacks ${[...late].join()}`
    this.calls.push(`replace${isStale ? ' a frozen one' : ''}${lacks}`)
  }
  drop(reason: string): void {
    this.calls.push(`drop: ${reason}`)
  }
  reportOutage(_lastInboundMs: number, isStale: boolean): void {
    this.calls.push(isStale ? 'outage, stale' : 'outage')
  }

  /** Lets the time of the present phase pass. */
  deadline(): void {
    this.clock.advance(this.rotation.phase === 'connecting' ? rotateTimeoutMs : gapPadMs)
  }

  enter(phase: RotationPhase): void {
    if (phase !== 'idle') this.rotation.begin()
    if (phase === 'overlapping') this.rotation.onProgress()
    this.calls = []
  }
}

type Happening =
  | 'begin'
  | 'begin, but not open'
  | 'progress, ready'
  | 'progress, not ready'
  | 'deadline'
  | 'deadline, not ready'
  | 'deadline, behind'
  | 'deadline, frozen'
  | 'next lost'
  | 'old lost, next open'
  | 'old lost, next not open'
  | 'old lost, behind'
  | 'stop'

const HAPPENINGS: { readonly [Name in Happening]: (host: Host) => void } = {
  begin: ({ rotation }) => rotation.begin('publicTrade.A'),
  'begin, but not open': (host) => {
    host.isOld = false
    host.rotation.begin()
  },
  'progress, ready': ({ rotation }) => rotation.onProgress(),
  'progress, not ready': (host) => {
    host.isNextReady = false
    host.rotation.onProgress()
  },
  deadline: (host) => host.deadline(),
  'deadline, not ready': (host) => {
    host.isNextReady = false
    host.deadline()
  },
  'deadline, behind': (host) => {
    host.late = ['publicTrade.A']
    host.deadline()
  },
  'deadline, frozen': (host) => {
    host.lastMs = host.clock.nowMs - 1
    host.deadline()
  },
  'next lost': ({ rotation }) => rotation.onNextLost('stale'),
  'old lost, next open': ({ rotation, clock }) => rotation.onOldLost(clock.nowMs, true),
  'old lost, next not open': (host) => {
    host.isNext = false
    host.rotation.onOldLost(host.clock.nowMs, false)
  },
  'old lost, behind': (host) => {
    host.late = ['publicTrade.A']
    host.rotation.onOldLost(host.clock.nowMs, false)
  },
  stop: ({ rotation }) => rotation.stop(),
}

type Cell = readonly [phase: RotationPhase, ...calls: string[]]

/** What each happening does in each phase. A missing cell does not compile. */
const TABLE: { readonly [Phase in RotationPhase]: { readonly [Name in Happening]: Cell } } = {
  idle: {
    begin: ['connecting', 'connect'],
    'begin, but not open': ['idle'],
    'progress, ready': ['idle'],
    'progress, not ready': ['idle'],
    deadline: ['idle'],
    'deadline, not ready': ['idle'],
    'deadline, behind': ['idle'],
    'deadline, frozen': ['idle'],
    'next lost': ['idle'],
    'old lost, next open': ['idle', 'outage, stale'],
    'old lost, next not open': ['idle', 'outage'],
    'old lost, behind': ['idle', 'outage'],
    stop: ['idle'],
  },
  connecting: {
    begin: ['connecting'],
    'begin, but not open': ['connecting'],
    'progress, ready': ['overlapping', 'probe'],
    'progress, not ready': ['connecting'],
    // Ready by now, though no topic of the new connection said so.
    deadline: ['idle', 'replace'],
    'deadline, not ready': ['idle', 'drop: not every topic was live in time'],
    'deadline, behind': ['idle', 'replace, lacks publicTrade.A'],
    'deadline, frozen': ['idle', 'replace'],
    'next lost': ['idle', 'drop: stale'],
    'old lost, next open': ['idle', 'replace a frozen one'],
    'old lost, next not open': ['idle', 'drop: the old connection was lost first', 'outage'],
    'old lost, behind': ['idle', 'replace, lacks publicTrade.A'],
    stop: ['idle'],
  },
  overlapping: {
    begin: ['overlapping'],
    'begin, but not open': ['overlapping'],
    'progress, ready': ['overlapping', 'probe'],
    'progress, not ready': ['overlapping'],
    deadline: ['idle', 'replace'],
    'deadline, not ready': ['idle', 'drop: a topic died in the overlap'],
    'deadline, behind': ['overlapping'],
    'deadline, frozen': ['idle', 'replace a frozen one'],
    'next lost': ['idle', 'drop: stale'],
    'old lost, next open': ['idle', 'replace a frozen one'],
    'old lost, next not open': ['idle', 'drop: the old connection was lost first', 'outage'],
    'old lost, behind': ['idle', 'replace, lacks publicTrade.A'],
    stop: ['idle'],
  },
}

const CELLS = (Object.keys(TABLE) as RotationPhase[]).flatMap((phase) =>
  (Object.keys(HAPPENINGS) as Happening[]).map((name) => [phase, name] as const),
)

test.each(CELLS)('%s: %s', (phase, name) => {
  const host = new Host()
  host.enter(phase)
  HAPPENINGS[name](host)
  expect([host.rotation.phase, ...host.calls]).toEqual(TABLE[phase][name])
})

test('an old connection that is behind is waited for as long as a new one may take', () => {
  const host = new Host()
  host.enter('overlapping')
  host.late = ['publicTrade.A']
  host.clock.advance(rotateTimeoutMs - 1)
  expect([host.rotation.phase, ...host.calls]).toEqual(['overlapping'])
  host.clock.advance(gapPadMs)
  expect([host.rotation.phase, ...host.calls]).toEqual(['idle', 'replace, lacks publicTrade.A'])
})

test('each topic that comes to life later begins the overlap anew', () => {
  const host = new Host()
  host.enter('overlapping')
  host.clock.advance(gapPadMs - 1)
  host.rotation.onProgress()
  host.clock.advance(gapPadMs - 1)
  expect([host.rotation.phase, ...host.calls]).toEqual(['overlapping', 'probe'])
  host.clock.advance(1)
  expect(host.calls).toEqual(['probe', 'replace'])
})

test.each(['connecting', 'overlapping'] as const)(
  'after a failure while %s it tries again',
  (phase) => {
    const host = new Host()
    host.enter(phase)
    host.rotation.onNextLost('stale')
    host.clock.advance(rotateRetryMs - 1)
    expect(host.calls).toEqual(['drop: stale'])
    host.clock.advance(1)
    expect([host.rotation.phase, ...host.calls]).toEqual(['connecting', 'drop: stale', 'connect'])
  },
)

test('a plan is carried out in its time, replaced by another, or never, and ends with a stop', () => {
  const host = new Host()
  const { clock, rotation } = host
  rotation.schedule(1_000)
  rotation.schedule(2_000)
  clock.advance(1_999)
  expect(rotation.phase).toBe('idle')
  clock.advance(1)
  expect(rotation.phase).toBe('connecting')
  rotation.stop()
  rotation.schedule(1_000)
  rotation.schedule(Number.POSITIVE_INFINITY)
  clock.advance(DAY_MS)
  expect([rotation.phase, clock.pendingTimers]).toEqual(['idle', 0])
  for (const phase of ['idle', 'connecting', 'overlapping'] as const) {
    host.enter(phase)
    rotation.stop()
    expect(clock.pendingTimers).toBe(0)
  }
})
