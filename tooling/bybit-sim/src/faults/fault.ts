import { CATEGORIES, type Category } from '@grid/core-events'
import { SimError } from '../base/errors.ts'
import { RECENT_TRADE_LIES, type RecentTradeFault } from './recent-trade-lies.ts'
import { REST_FAULTS, type RestFaultKind } from './rest-faults.ts'

/** The connections that are hit: one by its number, those of one account, or by default all open ones. */
interface Aimed {
  readonly connection?: number
  readonly uid?: string
}

/**
 * A fault to inject.
 *
 * Faults with `connection` or `uid` hit only that connection or account.
 *
 * | kind | what happens |
 * |---|---|
 * | `close` | ends connections: by default with a close frame (`code` 1001), with `abrupt` without one (1006). Everything sent before still arrives, unless `lossy` |
 * | `half-open` | the connections stay open, but send and read nothing from now on |
 * | `refuse` | new connections are refused for `forMs`: `tcp` (nobody listens), or HTTP `502` or `403` at the upgrade |
 * | `duplicate` | sends the `next` data frame twice, or the `last` one again |
 * | `garbage` | sends one malformed frame: `text` that is not JSON, `binary`, `invalid-utf8`, or `oversized` with `bytes` (default 1 MiB) |
 * | `reject-topic` | subscribes of `target`, a topic or a symbol, are refused with "handler not found" for `forMs` |
 * | `drop-ack` | the next `count` (1) subscribes and unsubscribes take effect, but are not acknowledged |
 * | `delay-ack` | the next `count` (1) acknowledgements come `delayMs` late |
 * | `silence` | a topic is produced but not sent, for `forMs` or for good. By default on all connections, future ones included. With `until`, on those open now: each until it is `resubscribed`, or with `reconnected` for the rest of its life |
 * | `drop-frame` | the next `count` (1) data frames, of `topic` or of any, are produced but not sent |
 * | `reorder` | swaps the next two data frames |
 * | `delay` | data frames of the next `forMs` come `delayMs` late, in order |
 * | `slow` | data frames of the next `forMs` leave at `bytesPerSecond` |
 * | `stop-reading` | requests are not read for `forMs`, then answered |
 * | `auth` | the next `count` (1) authentications, of any key or of those of `uid`, fail: `refuse` answers with `retMsg`, `drop` logs in without an acknowledgement, `late` answers after `delayMs` (1000) |
 * | `clock-offset` | puts the exchange's clock `offsetMs` ahead of true time: all its stamps, REST and archive |
 * | `rest` | the next `count` (1) REST requests, to any path or to `path`, of any or of one `category`, fail: see `RestFaultKind` |
 * | `recent-trade` | the next `count` (1) pages of `recent-trade`, of any instrument or of `symbol`, leave trades out: see `RECENT_TRADE_LIES` |
 */
export type Fault =
  | (Aimed & {
      readonly kind: 'close'
      readonly code?: number
      readonly reason?: string
      readonly abrupt?: boolean
      readonly lossy?: boolean
    })
  | (Aimed & { readonly kind: 'half-open' })
  | { readonly kind: 'refuse'; readonly how: 'tcp' | '502' | '403'; readonly forMs: number }
  | (Aimed & { readonly kind: 'duplicate'; readonly which?: 'next' | 'last' })
  | (Aimed & {
      readonly kind: 'garbage'
      readonly payload: 'text' | 'binary' | 'invalid-utf8' | 'oversized'
      readonly bytes?: number
    })
  | { readonly kind: 'reject-topic'; readonly target: string; readonly forMs: number }
  | (Aimed & { readonly kind: 'drop-ack'; readonly count?: number })
  | (Aimed & { readonly kind: 'delay-ack'; readonly delayMs: number; readonly count?: number })
  | (Aimed & {
      readonly kind: 'silence'
      readonly topic: string
      readonly category?: Category
      readonly forMs?: number
      readonly until?: 'resubscribed' | 'reconnected'
    })
  | (Aimed & { readonly kind: 'drop-frame'; readonly topic?: string; readonly count?: number })
  | (Aimed & { readonly kind: 'reorder' })
  | (Aimed & { readonly kind: 'delay'; readonly delayMs: number; readonly forMs: number })
  | (Aimed & { readonly kind: 'slow'; readonly bytesPerSecond: number; readonly forMs: number })
  | (Aimed & { readonly kind: 'stop-reading'; readonly forMs: number })
  | (Aimed & {
      readonly kind: 'auth'
      readonly how: 'refuse' | 'drop' | 'late'
      readonly retMsg?: string
      readonly delayMs?: number
      readonly count?: number
    })
  | { readonly kind: 'clock-offset'; readonly offsetMs: number }
  | {
      readonly kind: 'rest'
      readonly how: RestFaultKind
      readonly path?: string
      readonly category?: Category
      readonly count?: number
      /** Only for `late`; default 1000. */
      readonly delayMs?: number
    }
  | ({ readonly kind: 'recent-trade' } & RecentTradeFault)

/** What a fault did. */
export interface FaultReport {
  readonly kind: Fault['kind']
  /** The numbers of the connections that it hit immediately. */
  readonly connections: readonly number[]
}

type FieldKind = 'number' | 'boolean' | 'string' | readonly string[]

interface Shape {
  readonly required: { readonly [field: string]: FieldKind }
  readonly optional: { readonly [field: string]: FieldKind }
}

const SHAPES: { readonly [Kind in Fault['kind']]: Shape } = {
  close: {
    required: {},
    optional: {
      connection: 'number',
      uid: 'string',
      code: 'number',
      reason: 'string',
      abrupt: 'boolean',
      lossy: 'boolean',
    },
  },
  'half-open': { required: {}, optional: { connection: 'number', uid: 'string' } },
  refuse: { required: { how: ['tcp', '502', '403'], forMs: 'number' }, optional: {} },
  duplicate: {
    required: {},
    optional: { connection: 'number', uid: 'string', which: ['next', 'last'] },
  },
  garbage: {
    required: { payload: ['text', 'binary', 'invalid-utf8', 'oversized'] },
    optional: { connection: 'number', uid: 'string', bytes: 'number' },
  },
  'reject-topic': { required: { target: 'string', forMs: 'number' }, optional: {} },
  'drop-ack': { required: {}, optional: { connection: 'number', uid: 'string', count: 'number' } },
  'delay-ack': {
    required: { delayMs: 'number' },
    optional: { connection: 'number', uid: 'string', count: 'number' },
  },
  silence: {
    required: { topic: 'string' },
    optional: {
      category: CATEGORIES,
      connection: 'number',
      uid: 'string',
      forMs: 'number',
      until: ['resubscribed', 'reconnected'],
    },
  },
  'drop-frame': {
    required: {},
    optional: { connection: 'number', uid: 'string', topic: 'string', count: 'number' },
  },
  reorder: { required: {}, optional: { connection: 'number', uid: 'string' } },
  delay: {
    required: { delayMs: 'number', forMs: 'number' },
    optional: { connection: 'number', uid: 'string' },
  },
  slow: {
    required: { bytesPerSecond: 'number', forMs: 'number' },
    optional: { connection: 'number', uid: 'string' },
  },
  'stop-reading': {
    required: { forMs: 'number' },
    optional: { connection: 'number', uid: 'string' },
  },
  auth: {
    required: { how: ['refuse', 'drop', 'late'] },
    optional: {
      connection: 'number',
      uid: 'string',
      retMsg: 'string',
      delayMs: 'number',
      count: 'number',
    },
  },
  'clock-offset': { required: { offsetMs: 'number' }, optional: {} },
  rest: {
    required: { how: REST_FAULTS },
    optional: { path: 'string', category: CATEGORIES, count: 'number', delayMs: 'number' },
  },
  'recent-trade': {
    required: { how: RECENT_TRADE_LIES },
    optional: { symbol: 'string', count: 'number' },
  },
}

/** Reads a fault from JSON; throws `SIM_BAD_INPUT` that names the wrong field. */
export function parseFault(value: unknown): Fault {
  const fields = value as Record<string, unknown>
  if (typeof value !== 'object' || value === null) throw bad('a fault is an object with a kind')
  const kind = fields['kind']
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) {
    throw bad(`kind must be one of ${Object.keys(SHAPES).join(', ')}`)
  }
  const { required, optional } = SHAPES[kind as Fault['kind']]
  for (const name of Object.keys(fields)) {
    const expected = required[name] ?? optional[name]
    if (name === 'kind') continue
    if (expected === undefined) throw bad(`${kind} has no field ${name}`)
    if (!matches(fields[name], expected)) throw bad(`${kind}.${name} must be ${String(expected)}`)
  }
  const missing = Object.keys(required).find((name) => !(name in fields))
  if (missing !== undefined) throw bad(`${kind} needs the field ${missing}`)
  return value as Fault
}

function matches(value: unknown, expected: FieldKind): boolean {
  return typeof expected === 'string'
    ? typeof value === expected && (expected !== 'number' || Number.isFinite(value))
    : expected.includes(String(value))
}

function bad(message: string): SimError {
  return new SimError('SIM_BAD_INPUT', message)
}
