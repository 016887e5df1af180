import type { Config } from '../../config/config.ts'
import { EXIT, type ExitCode } from '../../exit-code.ts'
import { servedText } from '../../health/health.ts'
import type { Logger } from '../../log/log.ts'
import { Saver, type SaverOptions } from '../../saver.ts'
import { isTaken } from '../../storage/collector-claim.ts'
import { assertFolderWritable } from '../../storage/data-folder.ts'
import { isWriteRefused } from '../../storage/write-refused.ts'
import { banner } from './banner.ts'
import { keepCompiledCode } from './keep-compiled-code.ts'
import { stopSignals } from './stop-signals.ts'
import { isUncaught, uncaughtError } from './uncaught.ts'

/** How long a stop waits for the database. */
const DRAIN_MS = 30_000
/** The same where the database refuses rows: what it takes is stored in moments. */
const REFUSED_DRAIN_MS = 5000

/**
 * Captures until SIGTERM, SIGINT or SIGHUP, and stores what waits, as long as the database answers; what is left
 * stays in the journal. A second SIGTERM or SIGINT ends the wait for the database.
 */
export async function runUntilStopped(
  config: Config,
  log: Logger,
  options: Pick<SaverOptions, 'exitOnDbError' | 'logLinesLost'>,
): Promise<ExitCode> {
  await assertFolderWritable(config)
  const saver = new Saver({ config, log, onFirstLive: keepCompiledCode, ...options })
  const { stop, hurry } = stopSignals(log)
  const uncaught = uncaughtError(log)

  for (const line of banner(config)) log.info(line)
  try {
    const address = await saver.start()
    if (address !== null) log.info({ httpAddress: address }, servedText(address))
    await Promise.race([stop, saver.failure, uncaught])
  } catch (error) {
    const isRefused = isWriteRefused(error)
    const drains = isRefused || isTaken(error) || isUncaught(error)
    const signal = patience(hurry, isRefused ? REFUSED_DRAIN_MS : DRAIN_MS)
    const { left, lost } = await saver.stop(drains ? signal : AbortSignal.abort())
    if (drains && lost > 0) logLost(log, lost, 0)
    if (drains && left > 0) logLeft(log, left)
    throw error
  }

  const { left, lost, dropped } = await saver.stop(patience(hurry))
  const { gaps: gapsLost, deadLetters: lettersLost } = saver.pipeline.evidenceLost
  if (left > 0) logLeft(log, left)
  if (lost === 0 && gapsLost === 0 && dropped === 0) {
    if (left === 0) tellStored(log, saver, lettersLost)
    return EXIT.ok
  }
  if (lost === 0 && gapsLost === 0) {
    const text =
      'stopped; nothing that waited is lost, but some items were dropped before: see capture_gaps'
    log.warn({ code: 'ITEMS_DROPPED', dropped }, text)
    return EXIT.ok
  }
  logLost(log, lost, gapsLost)
  return EXIT.failure
}

/** Says that everything is stored only where it is so. */
function tellStored(log: Logger, saver: Saver, lettersLost: number): void {
  const entries = saver.pipeline.sample()
  const unaccounted = entries.filter(({ imbalance }) => imbalance !== 0)
  const letters = entries.reduce((sum, entry) => sum + entry.deadLettered + entry.conflict, 0)
  if (lettersLost > 0 || unaccounted.length > 0) {
    const channels = unaccounted.map(({ channel }) => channel)
    const facts = { code: 'STORED_IN_PART', lettersLost, channels }
    log.error(facts, 'stopped; not everything that was received is stored')
  } else if (saver.leavesUnread) {
    const text =
      'stopped; what earlier processes may have left in the journal was not read to its end, and waits there'
    log.info({ code: 'LEFT_IN_JOURNAL', left: 0 }, text)
  } else if (letters > 0) {
    const text = `stopped; everything received is stored, ${letters} as dead letters`
    log.warn({ code: 'DEAD_LETTERS', letters }, text)
  } else {
    log.info('stopped; everything received is stored')
  }
}

function patience(hurry: AbortSignal, ms = DRAIN_MS): AbortSignal {
  return AbortSignal.any([hurry, AbortSignal.timeout(ms)])
}

/** Not a warning: the next start stores them. */
function logLeft(log: Logger, left: number): void {
  const text = 'stopped; what is not stored yet waits in the journal, and the next start stores it'
  log.info({ code: 'LEFT_IN_JOURNAL', left }, text)
}

function logLost(log: Logger, lost: number, gapsLost: number): void {
  log.error(
    { code: 'SHUTDOWN_LOST_EVENTS', lost, gapsLost },
    'stopped before everything could be stored',
  )
}
