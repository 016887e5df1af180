import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request whose signature and time are right. */
export interface SignedRequest {
  readonly path: string
  /** The query exactly as received. */
  readonly rawQuery: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** How many such requests came before. */
  readonly count: number
}

/** Answers a request with a body, or by the response itself (null). */
export type SignedAnswerer = (request: SignedRequest, response: ServerResponse) => string | null

/** An exchange that knows one key, checks time and signature as documented, and answers as a test says. */
export interface SignedHand {
  readonly url: string
  /** All requests in order, right or wrong, except those for the time. */
  readonly asked: readonly string[]
  /** How many requests for the time there were. */
  readonly timesAsked: number
  /** How far its clock is ahead of `baseMs`, in milliseconds. */
  skewMs: number
  /** The machine's clock, unless a test has another. */
  baseMs: () => number
  answer: SignedAnswerer
}

export const API_KEY = 'TESTKEY0000000000'
export const SECRET = 'CANARYSECRET00000000000000000000000'
export const CREDENTIALS: { readonly apiKey: string; readonly secret: string } = {
  apiKey: API_KEY,
  secret: SECRET,
}
export const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'

/** Starts such a server; it ends with the test. */
export async function signedHand(answer: SignedAnswerer, skewMs = 0): Promise<SignedHand> {
  const asked: string[] = []
  const hand = { url: '', asked, timesAsked: 0, skewMs, baseMs: Date.now, answer }
  let passed = 0
  const server = createServer((request, response) => {
    const now = hand.baseMs() + hand.skewMs
    const [path = '', rawQuery = ''] = (request.url ?? '').split(/\?(.*)/s)
    if (path === '/v5/market/time') {
      hand.timesAsked++
      response.end(envelope(0, 'OK', { timeNano: `${now}000000` }, now))
      return
    }
    asked.push(request.url ?? '')
    const fault = faultOf(request.headers, rawQuery, now)
    if (fault !== null) {
      response.end(fault)
      return
    }
    const { headers } = request
    const query = new URLSearchParams(rawQuery)
    const body = hand.answer({ path, rawQuery, query, headers, count: passed++ }, response)
    if (body !== null) response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  hand.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return hand
}

/** The exchange's envelope. */
export function envelope(
  retCode: number,
  retMsg: string,
  result: unknown = {},
  time: number = Date.now(),
): string {
  return JSON.stringify({ retCode, retMsg, result, retExtInfo: {}, time })
}

function faultOf(headers: IncomingMessage['headers'], query: string, now: number): string | null {
  const [key, timestamp, window, signature] = ['api-key', 'timestamp', 'recv-window', 'sign'].map(
    (name) => String(headers[`x-bapi-${name}`]),
  )
  if (key !== API_KEY) return envelope(10003, 'API key is invalid.')
  const sentMs = Number(timestamp)
  if (!(now - Number(window) <= sentMs && sentMs < now + 1000)) {
    const text = `req_timestamp[${timestamp}],server_timestamp[${now}],recv_window[${window}]`
    return envelope(10002, `invalid request, please check your server timestamp ${text}`, {}, now)
  }
  const payload = `${timestamp}${key}${window}${query}`
  if (createHmac('sha256', SECRET).update(payload).digest('hex') === signature) return null
  return envelope(10004, `error sign! origin_string[${payload}]`)
}
