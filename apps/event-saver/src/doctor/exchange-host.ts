import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { durationText } from '@grid/core-events'
import { reasonOf } from '../log/reason.ts'
import { type Finding, problem, well } from './finding.ts'

const TIMEOUT_MS = 10_000

/** Resolves a URL's host and opens a connection to it, with TLS for `wss` and `https`, and a WebSocket for `ws` and `wss`. */
export async function examineHost(url: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'wss:' || protocol === 'https:'
  try {
    const { address } = await lookup(host)
    const protocolName = protocol.startsWith('ws')
      ? await openSocket(url, isSecure)
      : await handshake(host, Number(port) || (isSecure ? 443 : 80), isSecure)
    return well('EXCHANGE_HOST', `${hostname} is ${address}, ${protocolName}`)
  } catch (error) {
    const detail = `${hostname} cannot be reached: ${reasonOf(error)}`
    const fix = 'check name resolution, firewall and proxy, and the URL where one is set'
    return problem('EXCHANGE_HOST', detail, fix)
  }
}

function handshake(host: string, port: number, isSecure: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (text: string): void => {
      socket.destroy()
      resolve(text)
    }
    const socket: Socket = isSecure
      ? connectTls({ host, port, servername: isIP(host) === 0 ? host : '' }, () =>
          done('TLS is established'),
        )
      : connectTcp({ host, port }, () => done('TCP connects (no TLS)'))
    socket.setTimeout(TIMEOUT_MS, () =>
      socket.destroy(new Error(`no answer in ${durationText(TIMEOUT_MS)}`)),
    )
    socket.on('error', reject)
  })
}

/** Asks for a WebSocket as a client does: what answers at the address may be another server of HTTP. */
function openSocket(url: string, isSecure: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = (isSecure ? requestHttps : requestHttp)(url.replace(/^ws/i, 'http'), {
      timeout: TIMEOUT_MS,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    })
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(`a WebSocket opens (${isSecure ? 'TLS' : 'no TLS'})`)
    })
    request.on('response', (response) => {
      response.destroy()
      reject(new Error(`${new URL(url).pathname} is no WebSocket (HTTP ${response.statusCode})`))
    })
    request.on('timeout', () =>
      request.destroy(new Error(`no answer in ${durationText(TIMEOUT_MS)}`)),
    )
    request.on('error', reject)
    request.end()
  })
}
