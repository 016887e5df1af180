import type { IncomingMessage } from 'node:http'
import { type ApiKey, isAllowedFrom } from '../../accounts/keys/api-key.ts'
import { isSignedBy, type KeyRing } from '../../accounts/keys/key-ring.ts'
import { RestRefusal } from '../request/refusal.ts'

const DEFAULT_RECV_WINDOW = '5000'
/** How far a client's clock may be ahead of the exchange's. */
const AHEAD_MS = 1000

/**
 * The key that signed a request, over exactly the bytes of its query; null when the headers of a
 * signature are missing.
 *
 * Throws the exchange's refusal. Which one it gives when several apply is assumed.
 */
export function authenticate(request: IncomingMessage, keys: KeyRing, now: number): ApiKey | null {
  const apiKey = header(request, 'x-bapi-api-key')
  const timestamp = header(request, 'x-bapi-timestamp')
  const signature = header(request, 'x-bapi-sign')
  const recvWindow = header(request, 'x-bapi-recv-window') || DEFAULT_RECV_WINDOW
  if (apiKey === '' || timestamp === '' || signature === '') return null
  checkTime(timestamp, recvWindow, now)
  const key = keys.find(apiKey)
  if (key === undefined) throw new RestRefusal(10003, 'API key is invalid.')
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw new RestRefusal(33004, 'Your api key has expired.')
  }
  if (!isAllowedFrom(key, request.socket.remoteAddress ?? '')) {
    throw new RestRefusal(10010, "Unmatched IP, please check your API key's bound IP addresses.")
  }
  const [, query = ''] = (request.url ?? '').split(/\?(.*)/s)
  const payload = timestamp + apiKey + header(request, 'x-bapi-recv-window') + query
  if (!isSignedBy(key, payload, signature)) {
    throw new RestRefusal(10004, `error sign! origin_string[${payload}]`)
  }
  return key
}

function checkTime(timestamp: string, recvWindow: string, now: number): void {
  const sent = /^\d{1,16}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  const window = Number(recvWindow)
  if (now - window <= sent && sent < now + AHEAD_MS) return
  throw new RestRefusal(
    10002,
    `invalid request, please check your server timestamp or recv_window param. req_timestamp[${timestamp}],server_timestamp[${now}],recv_window[${recvWindow}]`,
  )
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}
