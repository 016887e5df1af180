import type { Fault, SimulatorProcess } from '@grid/bybit-sim'

/** Frames that a fault holds back count as sent at once, and a kill may come first. */
export const HELD_BACK_MS = 300

/** How a number from 0 to below 1 is drawn. */
export type Draw = () => number

function oneOf<Item>(draw: Draw, items: readonly Item[]): Item {
  // Sound: the lists below are not empty.
  return items[Math.floor(draw() * items.length)] as Item
}

const CATEGORY = { category: 'linear' } as const

/**
 * The exchange's faults of which a capture can know. Left out is what no client can notice (a frame that is dropped, or
 * sent after its successor), what loses frames that count as sent (`lossy`), and refusals of topics, after which it is
 * asked again minutes later.
 */
const FAULTS: readonly ((draw: Draw, target: number, symbol: string) => Fault)[] = [
  (_draw, connection) => ({ kind: 'close', connection }),
  (_draw, connection) => ({ kind: 'close', connection, abrupt: true }),
  (draw, connection) => ({ kind: 'close', connection, abrupt: draw() < 0.5 }),
  (draw) => ({ kind: 'close', abrupt: draw() < 0.5 }),
  (draw) => ({ kind: 'refuse', how: oneOf(draw, ['tcp', '502']), forMs: 500 + draw() * 3000 }),
  (draw, connection) => ({ kind: 'duplicate', connection, which: oneOf(draw, ['next', 'last']) }),
  (draw, connection) => ({
    kind: 'garbage',
    connection,
    payload: oneOf(draw, ['text', 'binary', 'invalid-utf8']),
  }),
  (draw, connection) => ({
    kind: 'garbage',
    connection,
    payload: 'oversized',
    bytes: 10_000 + Math.floor(draw() * 1_000_000),
  }),
  () => ({ kind: 'drop-ack' }),
  (draw) => ({ kind: 'delay-ack', delayMs: draw() * 1000 }),
  (_draw, _connection, symbol) => ({
    kind: 'silence',
    topic: `tickers.${symbol}`,
    until: 'resubscribed',
  }),
  (draw, connection) => ({
    kind: 'delay',
    connection,
    delayMs: draw() * HELD_BACK_MS,
    forMs: draw() * 2000,
  }),
  (draw, connection) => ({ kind: 'stop-reading', connection, forMs: draw() * 10_000 }),
  (draw) => ({ kind: 'auth', how: oneOf(draw, ['drop', 'late']) }),
  (draw) => ({
    kind: 'rest',
    how: oneOf(draw, ['html', '502', 'reset', 'empty-page', 'repeat-cursor', 'late', 'limited']),
    count: 1 + Math.floor(draw() * 3),
  }),
  (draw, _connection, symbol) => ({
    kind: 'recent-trade',
    how: oneOf(draw, ['one', 'run', 'edges', 'neighbours', 'short', 'stale', 'empty']),
    symbol,
  }),
]

/** Injects a fault that is drawn, at a connection and a symbol that are drawn; gives its kind. */
export async function injectOne(
  simulator: SimulatorProcess,
  draw: Draw,
  symbols: readonly string[],
): Promise<string> {
  const make = oneOf(draw, FAULTS)
  const at = draw()
  const symbol = oneOf(draw, symbols)
  const { connections } = await simulator.stats()
  // The market has one connection, and accounts have one each.
  const isPublic = draw() < 0.5
  const open = connections.filter(
    ({ open, category }) => open && (category === CATEGORY.category) === isPublic,
  )
  const fault = make(draw, open[Math.floor(at * open.length)]?.number ?? 0, symbol)
  await simulator.fault(fault)
  return fault.kind
}

/** Makes a public connection send and read nothing any more. */
export async function halfOpenOne(simulator: SimulatorProcess): Promise<void> {
  const { connections } = await simulator.stats()
  const target = connections.find(({ open, category }) => open && category === CATEGORY.category)
  if (target !== undefined) await simulator.fault({ kind: 'half-open', connection: target.number })
}
