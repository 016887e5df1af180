import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, nowMs } from '@grid/core-events'
import type { Market } from '../market.ts'
import type { ExchangeRules } from '../rules.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { Query } from './query.ts'
import { RestRefusal } from './refusal.ts'
import type { RestFault, RestFaults } from './rest-faults.ts'
import type { RestLimits } from './rest-limits.ts'

const HTML = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n'
const LIMITED = new RestRefusal(10006, 'Too many visits. Exceeded the API Rate Limit.')
const FROZEN = 'access too frequent'

interface Page {
  readonly list?: unknown
  readonly nextPageCursor?: string
}

/** Answers market data requests in the exchange's envelope. */
export class RestServer {
  readonly #clock: Clock
  readonly #serverClock: Clock
  readonly #market: Market
  readonly #rules: ExchangeRules
  readonly #limits: RestLimits
  readonly #faults: RestFaults

  constructor(options: {
    clock: Clock
    serverClock: Clock
    market: Market
    rules: ExchangeRules
    limits: RestLimits
    faults: RestFaults
  }) {
    this.#clock = options.clock
    this.#serverClock = options.serverClock
    this.#market = options.market
    this.#rules = options.rules
    this.#limits = options.limits
    this.#faults = options.faults
  }

  answer(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const path = url.pathname
    const endpoint = request.method === 'GET' ? ENDPOINTS.get(path) : undefined
    const verdict = this.#limits.admit(request.socket.remoteAddress ?? '', path)
    if (verdict.kind === 'frozen') {
      response.writeHead(403, { 'content-type': 'text/plain' }).end(FROZEN)
      return
    }
    if (endpoint === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
      return
    }
    for (const [name, value] of Object.entries(verdict.headers)) response.setHeader(name, value)
    const fault = this.#faults.next(path)
    const isLimited = verdict.kind === 'limited' || fault?.how === 'limited'
    const body = isLimited ? this.#refuse(LIMITED) : this.#body(endpoint, url, fault)
    this.#send(response, body, fault)
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

  #body(endpoint: Endpoint, url: URL, fault: RestFault | null): string {
    const query = new Query(url.searchParams)
    const now = nowMs(this.#serverClock)
    try {
      const result: Page = endpoint(query, { market: this.#market, rules: this.#rules, now })
      return this.#envelope(0, 'OK', bent(result, query, fault))
    } catch (error) {
      if (error instanceof RestRefusal) return this.#refuse(error)
      throw error
    }
  }

  #refuse({ retCode, message }: RestRefusal): string {
    return this.#envelope(retCode, message, {})
  }

  #envelope(retCode: number, retMsg: string, result: object): string {
    const time = nowMs(this.#serverClock)
    return JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time })
  }
}

/** A page as a fault makes it. */
function bent(page: Page, query: Query, fault: RestFault | null): object {
  const cursor = page.nextPageCursor || encodeURIComponent(query.text('cursor') || 'first=A&last=B')
  if (fault?.how === 'empty-page') return { ...page, list: [], nextPageCursor: cursor }
  if (fault?.how !== 'repeat-cursor') return page
  const sent = query.text('cursor')
  return { ...page, nextPageCursor: sent === '' ? cursor : encodeURIComponent(sent) }
}
