import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CATEGORIES, type Category } from '@grid/core-events'
import { callRemotely } from '../accounts/remote-call.ts'
import { SimError } from '../base/errors.ts'
import type { WireRow } from '../base/wire-row.ts'
import { parseFault } from '../faults/fault.ts'
import { AUCTION_PHASES } from '../market/listing.ts'
import type { Simulator } from '../simulator/simulator.ts'
import type { ConnectionInfo } from '../sockets/connection.ts'
import { type SymbolTotals, TRUTH_KINDS, TRUTH_LISTS, type Truth } from '../truth/truth.ts'

/** Lines that are joined into one write. */
const LINES_PER_CHUNK = 500

/** Figures of a running simulator process. */
export interface SimulatorStats {
  /** Steps of 10 ms that the market has made. */
  readonly steps: number
  readonly symbols: readonly SymbolTotals[]
  readonly connections: readonly ConnectionInfo[]
  /** CPU time of the process so far, in milliseconds. */
  readonly cpuMs: number
  readonly rssBytes: number
}

/**
 * Answers the control port.
 *
 * - `GET`: `/truth` (NDJSON, one item a line), `/stats`, `/rest-stats`
 * - `POST`: `/exchange` (a call of `sim.exchange`), `/fault`, `/burst`, `/list`, `/pre-list`, `/delist`,
 *   `/change-instrument`, `/pause`, `/resume`, `/stop`
 */
export async function answerControl(
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse,
  onStop: () => void,
): Promise<void> {
  // A kept-alive connection would keep the process running after its end was requested.
  response.setHeader('connection', 'close')
  try {
    switch (`${request.method} ${request.url}`) {
      case 'GET /truth':
        response.setHeader('content-type', 'application/x-ndjson')
        await pipeline(Readable.from(truthLines(simulator.truth())), response)
        return
      case 'GET /stats':
        reply(response, statsOf(simulator))
        return
      case 'GET /rest-stats':
        reply(response, simulator.restStats())
        return
      case 'POST /fault':
        reply(response, await simulator.fault(parseFault(await readJson(request))))
        return
      case 'POST /exchange': {
        const result = callRemotely(simulator.exchange, await readJson(request))
        reply(response, { result: result ?? null })
        return
      }
      case 'POST /burst': {
        const trades = simulator.burst(readBurst(await readJson(request)))
        reply(response, { trades: trades.length, seq: trades[0]?.seq ?? null })
        return
      }
      case 'POST /list': {
        const body = await readJson(request)
        const { category, symbol } = readInstrument(body)
        simulator.list(category, symbol, optionOf(body, 'status', ['Trading', 'PendingOpen']))
        reply(response, {})
        return
      }
      case 'POST /delist': {
        const body = await readJson(request)
        const { category, symbol } = readInstrument(body)
        simulator.delist(category, symbol, optionOf(body, 'status', ['Delivering', 'Closed']))
        reply(response, {})
        return
      }
      case 'POST /pre-list': {
        const body = await readJson(request)
        simulator.preList(readInstrument(body).symbol, {
          ...optionOf(body, 'phase', AUCTION_PHASES),
          ...optionOf(body, 'skipCallAuction', [true, false]),
        })
        reply(response, {})
        return
      }
      case 'POST /change-instrument': {
        const body = await readJson(request)
        const { category, symbol } = readInstrument(body)
        simulator.changeInstrument(category, symbol, readChanges(body))
        reply(response, {})
        return
      }
      case 'POST /pause':
        simulator.pause()
        reply(response, {})
        return
      case 'POST /resume':
        simulator.resume()
        reply(response, {})
        return
      case 'POST /stop':
        response.once('close', onStop)
        reply(response, {})
        return
      default:
        response.statusCode = 404
        reply(response, { error: `there is no ${request.method} ${request.url}` })
    }
  } catch (error) {
    if (response.headersSent) {
      response.destroy()
      return
    }
    response.statusCode = error instanceof Error && 'code' in error ? 400 : 500
    reply(response, { error: String(error) })
  }
}

function reply(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

function statsOf(simulator: Simulator): SimulatorStats {
  const { user, system } = process.cpuUsage()
  return {
    steps: simulator.steps,
    symbols: simulator.totals(),
    connections: simulator.connections(),
    cpuMs: Math.round((user + system) / 1000),
    rssBytes: process.memoryUsage.rss(),
  }
}

function* truthLines(truth: Truth): Generator<string> {
  const lists = TRUTH_KINDS.map((kind) => truth[TRUTH_LISTS[kind]])
  for (const items of [truth.symbols, ...lists, truth.raws]) {
    for (let from = 0; from < items.length; from += LINES_PER_CHUNK) {
      const lines = items.slice(from, from + LINES_PER_CHUNK).map((item) => JSON.stringify(item))
      yield `${lines.join('\n')}\n`
    }
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = ''
  // A chunk may end within a character.
  request.setEncoding('utf8')
  for await (const chunk of request) text += String(chunk)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SimError('SIM_BAD_INPUT', 'the body is not JSON', { cause })
  }
}

function readBurst(value: unknown): { category: Category; symbol: string; trades: number } {
  const { trades } = (value ?? {}) as { trades?: unknown }
  if (typeof trades !== 'number' || !(trades >= 1)) {
    throw new SimError('SIM_BAD_INPUT', 'a burst needs a number of trades')
  }
  return { ...readInstrument(value), trades }
}

function readInstrument(value: unknown): { category: Category; symbol: string } {
  const { category = 'linear', symbol } = (value ?? {}) as Record<string, unknown>
  const known = CATEGORIES.find((name) => name === category)
  if (typeof symbol !== 'string' || known === undefined) {
    throw new SimError(
      'SIM_BAD_INPUT',
      `the body needs a symbol, and may name a category: ${CATEGORIES.join(', ')}`,
    )
  }
  return { category: known, symbol }
}

/** An option of a body under its name; nothing when the body does not have it. */
function optionOf<const Name extends string, Value extends string | boolean>(
  body: unknown,
  name: Name,
  known: readonly Value[],
): { readonly [Key in Name]?: Value } {
  const given = ((body ?? {}) as Record<string, unknown>)[name]
  if (given === undefined) return {}
  const value = known.find((candidate) => candidate === given)
  if (value === undefined) {
    throw new SimError('SIM_BAD_INPUT', `${name} must be one of ${known.join(', ')}`)
  }
  // Sound: the only key is the name.
  return { [name]: value } as { readonly [Key in Name]?: Value }
}

function readChanges(body: unknown): WireRow {
  const { changes } = (body ?? {}) as { changes?: unknown }
  if (typeof changes === 'object' && changes !== null && !Array.isArray(changes)) {
    return changes as WireRow
  }
  throw new SimError('SIM_BAD_INPUT', 'changes must be an object of keys of the instrument')
}
