import { createHmac, createSign } from 'node:crypto'
import type { ApiKey, Simulator } from '../../src/index.ts'
import { Client } from './client.ts'
import type { Document } from './recordings.ts'

/** Signs as the protocol documents; shares no code with the simulator. */
export function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

export function rsa(privateKey: string, text: string): string {
  return createSign('RSA-SHA256').update(text).sign(privateKey, 'base64')
}

/** The `auth` request of a key. */
export function authRequest(
  { apiKey, secret }: Pick<ApiKey, 'apiKey' | 'secret'>,
  expires: number = Date.now() + 10_000,
): object {
  return {
    req_id: 'a',
    op: 'auth',
    args: [apiKey, expires, hmac(secret, `GET/realtime${expires}`)],
  }
}

/** An authenticated client, subscribed to topics. */
export async function openPrivate(
  sim: Simulator,
  key: ApiKey | undefined,
  ...topics: string[]
): Promise<Client> {
  const client = await Client.open(sim.wsUrl, '/v5/private')
  const acks = [await client.ask(authRequest(key ?? { apiKey: '', secret: '' }))]
  if (topics.length > 0) acks.push(await client.subscribe(...topics))
  for (const ack of acks) {
    if (!ack.includes('"success":true')) throw new Error(`refused: ${ack}`)
  }
  return client
}

/** The rows of a topic's messages, in the order of arrival. */
export function rowsOf(client: Client, topic: string): Document[] {
  return client.frames(topic).flatMap((frame) => frame.data as Document[])
}

/** Headers that sign a query. */
export function signed(
  { apiKey, secret }: Pick<ApiKey, 'apiKey' | 'secret'>,
  query: string,
  options: { timestamp?: number; recvWindow?: number; sign?: (text: string) => string } = {},
): Record<string, string> {
  const { timestamp = Date.now(), recvWindow = 5000, sign = (text) => hmac(secret, text) } = options
  return {
    'X-BAPI-API-KEY': apiKey,
    'X-BAPI-TIMESTAMP': String(timestamp),
    'X-BAPI-RECV-WINDOW': String(recvWindow),
    'X-BAPI-SIGN': sign(`${timestamp}${apiKey}${recvWindow}${query}`),
  }
}

/** A reply's envelope. */
export interface Reply {
  readonly retCode: number
  readonly retMsg: string
  readonly result: { readonly list?: Document[]; readonly nextPageCursor?: string } & Document
}

/** Asks an endpoint of an account. */
export async function ask(
  sim: Simulator,
  key: ApiKey | undefined,
  path: string,
  query = '',
  options: Parameters<typeof signed>[2] = {},
): Promise<Reply> {
  const headers = signed(key ?? { apiKey: '', secret: '' }, query, options)
  const response = await fetch(`${sim.restUrl}${path}${query === '' ? '' : `?${query}`}`, {
    headers,
  })
  return (await response.json()) as Reply
}

/** All rows of a list, page by page, with the cursors used as received. */
export async function askAll(
  sim: Simulator,
  key: ApiKey | undefined,
  path: string,
  query: string,
  options: Parameters<typeof signed>[2] = {},
): Promise<Document[]> {
  const rows: Document[] = []
  for (let cursor = ''; ; ) {
    const page = cursor === '' ? query : `${query}&cursor=${cursor}`
    const { retMsg, result } = await ask(sim, key, path, page, options)
    if (result.list === undefined) throw new Error(retMsg)
    rows.push(...result.list)
    if (result.list.length === 0 || (result.nextPageCursor ?? '') === '') return rows
    cursor = result.nextPageCursor ?? ''
  }
}
