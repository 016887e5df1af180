import { type Logger, pino } from 'pino'
import { lineBase } from './line-base.ts'
import type { LogSink } from './log-sink.ts'
import { STDERR } from './stderr.ts'

export type { Logger }

/** Where a log goes, and whose it is. */
export interface LoggerOptions {
  readonly sink?: LogSink
  /** In each line, as savers of one database may share a log. */
  readonly collector?: string
}

/**
 * The app's log, on stderr: readable lines on a terminal, JSON elsewhere, each with its time in UTC, the version and
 * the collector. Every warning and error carries a stable `code`. Writing it never throws and never waits: see `LogSink`.
 */
export async function createLogger(
  level: string,
  { sink = STDERR, collector }: LoggerOptions = {},
): Promise<Logger> {
  const base = lineBase(collector)
  const options = { level, base, timestamp: pino.stdTimeFunctions.isoTime }
  const log = pino(options, { write: await writerFor(sink) })
  sink.onRecovered = (lost, reason) =>
    log.error({ code: 'LOG_LINES_LOST', lost, reason }, 'lines of the log could not be written')
  return log
}

async function writerFor(sink: LogSink): Promise<(line: string) => void> {
  if (!process.stderr.isTTY) return (line) => sink.write(line)
  // Services have no terminal, and need not load it.
  const { isColorSupported, prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({
    colorize: isColorSupported,
    ignore: 'pid,version,collector',
    translateTime: 'HH:MM:ss.l',
  })
  return (line) => sink.write(format(line))
}

/** From this failure in a row on, work that is tried again lasts in failing: most pauses have grown to their longest. */
const LASTING = 8

/** How the n-th failure in a row is logged: what lasts is an error. */
export function levelOf(failures: number): 'warn' | 'error' {
  return failures >= LASTING ? 'error' : 'warn'
}

/** Whether the n-th occurrence in a row is logged: the 1st, 2nd, 4th, 8th, …, so that no fault floods the log. */
export function isWorthALine(occurrence: number): boolean {
  return (occurrence & (occurrence - 1)) === 0
}
