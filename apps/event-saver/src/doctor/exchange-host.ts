import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { durationText } from '@grid/core-events'
import { reasonOf } from '../log/reason.ts'
import { type Finding, problem, well } from './finding.ts'

const TIMEOUT_MS = 10_000

/** Resolves a URL's host and opens a connection to it, with TLS for `wss` and `https`. */
export async function examineHost(url: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'wss:' || protocol === 'https:'
  try {
    const { address } = await lookup(host)
    const protocolName = await handshake(host, Number(port) || (isSecure ? 443 : 80), isSecure)
    return well('EXCHANGE_HOST', `${hostname} is ${address}, ${protocolName}`)
  } catch (error) {
    const detail = `${hostname} cannot be reached: ${reasonOf(error)}`
    return problem('EXCHANGE_HOST', detail, 'check name resolution, firewall and proxy')
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
