import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

export type { Logger }

/**
 * The app's log, on stderr: readable lines on a terminal, JSON elsewhere. Every warning and error
 * carries a stable `code`.
 */
export function createLogger(level: string): Logger {
  const options = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }))
  return pino(
    options,
    pretty({ destination: 2, sync: true, ignore: 'pid', translateTime: 'HH:MM:ss.l' }),
  )
}

/** Whether the n-th occurrence in a row is logged: the 1st, 2nd, 4th, 8th, …, so that no fault floods the log. */
export function isWorthALine(occurrence: number): boolean {
  return (occurrence & (occurrence - 1)) === 0
}
