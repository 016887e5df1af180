import type { Config } from '../../config/config.ts'
import { EXIT, type ExitCode } from '../../exit-code.ts'
import type { Logger } from '../../log/log.ts'
import { Saver } from '../../saver.ts'
import { isTaken } from '../../storage/collector-claim.ts'
import { assertFolderWritable } from '../../storage/data-folder.ts'
import { banner } from './banner.ts'

/** How long a stop waits for the database. */
const DRAIN_MS = 30_000

/** Captures until SIGTERM or SIGINT. A second signal ends the wait for the database. */
export async function runUntilStopped(
  config: Config,
  log: Logger,
  options: { readonly exitOnDbError: boolean },
): Promise<ExitCode> {
  await assertFolderWritable(config)
  const saver = new Saver({ config, log, exitOnDbError: options.exitOnDbError })
  const hurry = new AbortController()
  const signalled = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        resolve(name)
        log.info({ signal: name }, 'stopping')
        if (stopping) hurry.abort()
        stopping = true
      })
    }
  })
  let stopping = false

  for (const line of banner(config)) log.info(line)
  try {
    const address = await saver.start()
    log.info({ httpAddress: address }, `health, status and metrics at http://${address}`)
    await Promise.race([signalled, saver.failure])
  } catch (error) {
    stopping = true
    // What was received under a name that another saver holds is stored all the same.
    if (!isTaken(error)) hurry.abort()
    const { lost } = await saver.stop(
      AbortSignal.any([hurry.signal, AbortSignal.timeout(DRAIN_MS)]),
    )
    if (isTaken(error) && lost > 0) logLost(log, lost, 0)
    throw error
  }

  const patience = AbortSignal.any([hurry.signal, AbortSignal.timeout(DRAIN_MS)])
  const { lost, dropped } = await saver.stop(patience)
  const { gaps: gapsLost } = saver.pipeline.evidenceLost
  if (lost === 0 && gapsLost === 0 && dropped === 0) {
    log.info('stopped; everything received is stored')
    return EXIT.ok
  }
  if (lost === 0 && gapsLost === 0) {
    const text =
      'stopped; all waiting items are stored, but some were dropped before: see capture_gaps'
    log.warn({ code: 'ITEMS_DROPPED', dropped }, text)
    return EXIT.ok
  }
  logLost(log, lost, gapsLost)
  return EXIT.failure
}

function logLost(log: Logger, lost: number, gapsLost: number): void {
  log.error(
    { code: 'SHUTDOWN_LOST_EVENTS', lost, gapsLost },
    'stopped before everything could be stored',
  )
}
