import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, nowMs } from '@grid/core-events'
import type { Floor } from '../accounts/floor/floor.ts'
import type { MarketPrices } from '../accounts/holdings/market-prices.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { RecentTradeLies } from '../faults/recent-trade-lies.ts'
import type { RestFault, RestFaults } from '../faults/rest-faults.ts'
import type { Market } from '../market/market.ts'
import { ENDPOINTS } from './market/endpoints.ts'
import { authenticate } from './private/authenticate.ts'
import { PRIVATE_ENDPOINTS } from './private/private-endpoints.ts'
import type { RestScene } from './request/endpoint.ts'
import { Query } from './request/query.ts'
import { RestRefusal } from './request/refusal.ts'
import type { RestLimits, Verdict } from './rest-limits.ts'

const HTML = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n'
const LIMITED = new RestRefusal(10006, 'Too many visits. Exceeded the API Rate Limit.')
const FROZEN = 'access too frequent'
const FORBIDDEN =
  '<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body></body>\r\n</html>\r\n'

interface Page {
  readonly list?: unknown
  readonly nextPageCursor?: string
}

/** The reply to a request, before faults change it. */
interface Answer {
  readonly retMsg: string
  readonly result: () => Page
}

/** Thrown for a signed endpoint's request without its headers: HTTP 401. */
class Unsigned extends Error {}

/** Answers REST requests: checks limits and signatures, calls the endpoint, applies faults. */
export class RestServer {
  readonly #clock: Clock
  readonly #serverClock: Clock
  readonly #market: Market
  readonly #rules: ExchangeRules
  readonly #limits: RestLimits
  readonly #faults: RestFaults
  readonly #lies: RecentTradeLies
  readonly #floor: Floor
  readonly #prices: MarketPrices

  constructor(options: {
    clock: Clock
    serverClock: Clock
    market: Market
    rules: ExchangeRules
    limits: RestLimits
    faults: RestFaults
    lies: RecentTradeLies
    floor: Floor
    prices: MarketPrices
  }) {
    this.#clock = options.clock
    this.#serverClock = options.serverClock
    this.#market = options.market
    this.#rules = options.rules
    this.#limits = options.limits
    this.#faults = options.faults
    this.#lies = options.lies
    this.#floor = options.floor
    this.#prices = options.prices
  }

  answer(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const path = url.pathname
    const address = request.socket.remoteAddress ?? ''
    if (this.#limits.freezes(address)) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end(FROZEN)
      return
    }
    const isKnown = ENDPOINTS.has(path) || PRIVATE_ENDPOINTS.has(path)
    if (request.method !== 'GET' || !isKnown) {
      this.#limits.admit(address, path)
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
      return
    }
    if (Number(request.headers['content-length'] ?? 0) > 0) {
      response.writeHead(403, { 'content-type': 'text/html' }).end(FORBIDDEN)
      return
    }
    const query = new Query(url.searchParams)
    const fault = this.#faults.next(path, query.text('category'))
    try {
      const { retMsg, result } = this.#answerOf(path, query, request, response)
      if (fault?.how === 'limited') throw LIMITED
      this.#send(response, this.#envelope(0, retMsg, bent(result(), query, fault)), fault)
    } catch (error) {
      if (error instanceof RestRefusal) this.#send(response, this.#refuse(error), fault)
      else if (error instanceof Unsigned) response.writeHead(401).end()
      else throw error
    }
  }

  /** The reply to a request within its limits; throws the refusal otherwise. */
  #answerOf(
    path: string,
    query: Query,
    request: IncomingMessage,
    response: ServerResponse,
  ): Answer {
    const scene: RestScene = {
      market: this.#market,
      rules: this.#rules,
      lies: this.#lies,
      now: this.#now,
    }
    const endpoint = PRIVATE_ENDPOINTS.get(path)
    if (endpoint === undefined) {
      this.#respect(this.#limits.admit(request.socket.remoteAddress ?? '', path), response)
      return { retMsg: 'OK', result: () => ENDPOINTS.get(path)?.(query, scene) ?? {} }
    }
    const key = authenticate(request, this.#floor.keys, scene.now)
    if (key === null) throw new Unsigned()
    this.#respect(this.#limits.admit(key.uid, path, endpoint.limit), response)
    const account = this.#floor.account(key.uid)
    const own = { ...scene, account, key, prices: this.#prices }
    return { retMsg: endpoint.retMsg, result: () => endpoint.answer(query, own) }
  }

  #respect({ isLimited, headers }: Verdict, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (isLimited) throw LIMITED
  }

  #send(response: ServerResponse, body: string, fault: RestFault | null): void {
    const json = { 'content-type': 'application/json; charset=utf-8' }
    switch (fault?.how) {
      case 'html':
      case '502':
        response.writeHead(fault.how === '502' ? 502 : 200, { 'content-type': 'text/html' })
        response.end(HTML)
        return
      case 'reset':
        response.writeHead(200, { ...json, 'content-length': Buffer.byteLength(body) })
        response.write(body.slice(0, body.length >> 1), () => response.socket?.resetAndDestroy())
        return
      case 'late':
        this.#clock.setTimer(() => response.writeHead(200, json).end(body), fault.delayMs ?? 1000)
        return
      default:
        response.writeHead(200, json).end(body)
    }
  }

  get #now(): number {
    return nowMs(this.#serverClock)
  }

  #refuse({ retCode, message }: RestRefusal): string {
    return this.#envelope(retCode, message, {})
  }

  #envelope(retCode: number, retMsg: string, result: object): string {
    return JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time: this.#now })
  }
}

/** A page after a fault changed it. */
function bent(page: Page, query: Query, fault: RestFault | null): object {
  const cursor = page.nextPageCursor || encodeURIComponent(query.text('cursor') || 'first=A&last=B')
  if (fault?.how === 'empty-page') return { ...page, list: [], nextPageCursor: cursor }
  if (fault?.how !== 'repeat-cursor') return page
  const sent = query.text('cursor')
  return { ...page, nextPageCursor: sent === '' ? cursor : encodeURIComponent(sent) }
}
