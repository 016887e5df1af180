#!/usr/bin/env -S node --conditions=@grid/source
import { startSimulator } from '../simulator/simulator.ts'
import { Listener } from '../sockets/listener.ts'
import { answerControl } from './control-server.ts'
import { readFlags } from './flags.ts'
import { HELP } from './help.ts'

/**
 * Runs the simulator as a process of its own.
 *
 * Prints one line of JSON when it is ready, with its URLs and its accounts, and nothing else.
 */
async function main(): Promise<void> {
  const { settings, controlPort, exitWithParent, help } = readFlags(process.argv.slice(2))
  if (help) {
    process.stdout.write(HELP)
    return
  }
  const simulator = await startSimulator(settings)
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void simulator.stop().finally(() => process.exit(0))
  }
  const host = settings.host ?? '127.0.0.1'
  const control = new Listener({
    host,
    port: controlPort,
    onRequest: (request, response) => void answerControl(simulator, request, response, stop),
  })
  await control.up()
  process.once('SIGTERM', stop)
  // Ctrl-C reaches the whole process group. A child ignores it: its parent decides when it ends.
  process.on('SIGINT', exitWithParent ? () => {} : stop)
  if (exitWithParent) process.stdin.once('close', stop).resume()
  const { wsUrl, restUrl, archiveUrl } = simulator
  const urls = { wsUrl, restUrl, archiveUrl, controlUrl: `http://${host}:${control.port}` }
  const accounts = simulator.exchange.accounts().map(({ uid, keys: [key] }) => {
    return { uid, apiKey: key?.apiKey, secret: key?.secret }
  })
  const ready = accounts.length > 0 ? { ...urls, accounts } : urls
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(2)
})
