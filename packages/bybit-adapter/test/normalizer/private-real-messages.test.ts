import {
  type Category,
  EXECUTION_VALUES,
  eventKey,
  ORDER_VALUES,
  POSITION_VALUES,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type PrivateEvent,
  type ValueKind,
  WALLET_VALUES,
} from '@grid/core-events'
import { describe, expect, test } from 'vitest'
import { createPrivateNormalizer } from '../../src/index.ts'
import { readReply } from '../../src/rest/http/reply.ts'
import { readPrivateRows } from '../../src/rest/lists/private-rows.ts'
import { ACCOUNT_ID, privateReply } from '../support/private-frames.ts'
import { realMessages, whyNoRealMessages } from '../support/real-messages.ts'

type Item = Readonly<Record<string, unknown>>

const LOCAL_TS_US = 1_790_000_000_000_000

const VALUES: { readonly [Name in PrivateChannel]: Readonly<Record<string, ValueKind>> } = {
  execution: EXECUTION_VALUES,
  order: ORDER_VALUES,
  position: POSITION_VALUES,
  wallet: WALLET_VALUES,
}

/** Keys whose event field has another name, by channel. */
const RENAMED: { readonly [Name in PrivateChannel]: Readonly<Record<string, string>> } = {
  execution: { execTime: 'exchangeTs' },
  order: { updatedTime: 'exchangeTs' },
  position: { avgPrice: 'entryPrice', mmrSysUpdateTime: 'mmrSysUpdatedTime' },
  wallet: {},
}

/** Checks every key on the wire against the event, by the value's kind alone. */
function expectItem(event: PrivateEvent, wire: Item): void {
  const kinds = VALUES[event.channel]
  const fields = event as unknown as Item
  for (const [key, value] of Object.entries(wire)) {
    const field = RENAMED[event.channel][key] ?? key
    expect(event, `${key} is mapped`).toHaveProperty(field)
    const actual = fields[field]
    const kind = kinds[field]
    if (kind === 'object' || kind === 'json') {
      expect(actual, key).toEqual(value === '' ? null : value)
    } else if (
      kind !== undefined &&
      (value === '' || (kind === 'timestamp' && Number(value) === 0))
    ) {
      expect(actual, key).toBeNull()
    } else {
      expect(typeof actual === 'number' ? String(actual) : actual, key).toBe(
        typeof actual === 'number' ? String(value) : value,
      )
    }
  }
  expect(event.extra).toBeNull()
  expect(event.accountId).toBe(ACCOUNT_ID)
}

function expectItems(events: readonly PrivateEvent[], data: readonly Item[]): void {
  const items = data.flatMap((element) => {
    if (events[0]?.channel !== 'wallet') return [element]
    const { coin, ...account } = element
    return (coin as readonly Item[]).map((each) => ({ ...account, ...each }))
  })
  expect(events).toHaveLength(items.length)
  for (const [at, item] of items.entries()) expectItem(events[at] as PrivateEvent, item)
}

const sockets = [...realMessages(/ws_(execution|order|position|wallet)\.ndjson$/)]

test('there are recorded messages of each channel', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  for (const channel of PRIVATE_CHANNELS) {
    expect(
      sockets.filter(([name]) => name.endsWith(`ws_${channel}.ndjson`)),
      channel,
    ).not.toEqual([])
  }
})

describe.each(sockets)('%s', (_name, lines) => {
  test('every leaf on the wire appears in the event, digit for digit', () => {
    const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
    const keys = new Set<string>()
    let items = 0
    for (const line of lines) {
      const { creationTime, data } = JSON.parse(line) as { creationTime: number; data: Item[] }
      const { events, deadLetters, discarded } = normalizer.normalize(line, LOCAL_TS_US)
      expect(deadLetters).toEqual([])
      expect(discarded).toEqual([])
      expectItems(events, data)
      for (const event of events) {
        expect(event).toMatchObject({ localTsUs: LOCAL_TS_US, source: 'ws' })
        if (event.channel === 'position' || event.channel === 'wallet') {
          expect(event.exchangeTs).toBe(creationTime)
        }
        keys.add(eventKey(event))
      }
      items += events.length
    }
    expect(keys.size).toBe(items)
  })
})

test('execution.fast, a subset of execution, gives no second event', (context) => {
  if (whyNoRealMessages !== null) context.skip(whyNoRealMessages)
  const lines = [...realMessages(/ws_execution_fast\.ndjson$/).values()].flat()
  const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    expect(normalizer.normalize(line, LOCAL_TS_US)).toMatchObject({
      events: [],
      deadLetters: [],
      discarded: [{ channel: null, reason: 'unsupported_topic' }],
    })
  }
})

const REPLIES: readonly (readonly [PrivateChannel, RegExp, number])[] = [
  ['execution', /rest_execution_list\.ndjson$/, 1],
  ['order', /rest_orders\.ndjson$/, 2],
  ['position', /rest_position_list\.ndjson$/, 1],
  ['wallet', /rest_(result_)?wallet_balance\.ndjson$/, 3],
]

test.each(REPLIES)('replies with %s rows, digit for digit', (channel, path, count) => {
  const lines = [...realMessages(path).values()].flat()
  if (whyNoRealMessages === null) expect(lines.length).toBeGreaterThanOrEqual(count)
  for (const line of lines) {
    const value = JSON.parse(line) as Item
    const bytes = 'retCode' in value ? Buffer.from(line) : privateReply(value)
    const reply = readReply('/v5/x', { status: 200, bytes, headers: new Headers() }, LOCAL_TS_US)
    const { list, category = null } = reply.result as { list: Item[]; category?: Category }
    const origin = {
      accountId: ACCOUNT_ID,
      category: category ?? (channel === 'order' ? 'linear' : null),
    }
    const { items, deadLetters } = readPrivateRows(channel, reply, origin)
    expect(deadLetters).toEqual([])
    expectItems(items, list)
    for (const event of items) expect(event).toMatchObject({ source: 'rest' })
  }
})
