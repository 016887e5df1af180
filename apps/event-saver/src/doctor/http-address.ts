import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../config/config.ts'
import { isLoopback } from '../config/loopback.ts'
import { reasonOf } from '../log/reason.ts'
import { type Finding, problem, well } from './finding.ts'

const PATIENCE_MS = 2000

/** Tries to listen where health and metrics are served; a saver that listens there already is no problem. */
export async function examineHttpAddress({
  httpAddress: { host, port },
  httpToken,
}: Pick<Config, 'httpAddress'> & Partial<Pick<Config, 'httpToken'>>): Promise<Finding> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    if (httpToken === undefined && !isLoopback(host)) {
      const detail = `${address} is free, and /status and /metrics will be refused to everybody there`
      return problem('HTTP_ADDRESS', detail, 'set EVENTSAVER_HTTP_TOKEN, or listen on 127.0.0.1')
    }
    return well('HTTP_ADDRESS', `${address} is free`)
  } catch (error) {
    if (port !== 0 && (await isSaver(address))) {
      return well('HTTP_ADDRESS', `a saver serves ${address} already`)
    }
    const fix = 'set another with EVENTSAVER_HTTP_ADDRESS, or port 0 for any free one'
    return problem('HTTP_ADDRESS', `${address} cannot be used: ${reasonOf(error)}`, fix)
  } finally {
    server.close()
  }
}

async function isSaver(address: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(`http://${address}/livez`, { signal })
    return ['alive\n', 'stalled\n'].includes(await response.text())
  } catch {
    return false
  }
}
