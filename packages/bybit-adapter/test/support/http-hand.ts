import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Answers one request, given how many came before. */
export type HttpAnswerer = (response: ServerResponse, url: URL, count: number) => void

/** A server that answers as a test says, and ends with the test. */
export interface HttpHand {
  readonly url: string
  /** The addresses asked for, in order. */
  readonly asked: readonly URL[]
}

/** Starts such a server. */
export async function httpHand(answer: HttpAnswerer): Promise<HttpHand> {
  const asked: URL[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://hand')
    asked.push(url)
    answer(response, url, asked.length - 1)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** The exchange's envelope around a result. */
export function success(result: unknown, time: unknown = 1_760_000_000_500): string {
  return JSON.stringify({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time })
}

/** The exchange's envelope around a refusal. */
export function refusal(retCode: number, retMsg = 'no'): string {
  return JSON.stringify({ retCode, retMsg, result: {}, retExtInfo: {}, time: 1_760_000_000_500 })
}
