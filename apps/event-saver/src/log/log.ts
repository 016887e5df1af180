import { type Logger, pino } from 'pino'
import type { LogSink } from './log-sink.ts'
import { STDERR } from './stderr.ts'

export type { Logger }

/**
 * The app's log, on stderr: readable lines on a terminal, JSON elsewhere. Every warning and error
 * carries a stable `code`. Writing it never throws and never waits: see `LogSink`.
 */
export async function createLogger(level: string, sink: LogSink = STDERR): Promise<Logger> {
  const options = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }
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
    ignore: 'pid',
    translateTime: 'HH:MM:ss.l',
  })
  return (line) => sink.write(format(line))
}

/** Whether the n-th occurrence in a row is logged: the 1st, 2nd, 4th, 8th, …, so that no fault floods the log. */
export function isWorthALine(occurrence: number): boolean {
  return (occurrence & (occurrence - 1)) === 0
}
