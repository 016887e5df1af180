import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../config/config.ts'
import { reasonOf } from '../log/reason.ts'
import { type Finding, problem, well } from './finding.ts'

const PATIENCE_MS = 2000

/** Tries to listen where health and metrics are served; a saver that listens there already is no problem. */
export async function examineHttpAddress({
  httpAddress: { host, port },
}: Pick<Config, 'httpAddress'>): Promise<Finding> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
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
