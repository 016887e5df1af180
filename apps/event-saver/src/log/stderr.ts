import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { LogSink } from './log-sink.ts'

/** Where the process's log goes. There is one, as there is one stderr. */
export const STDERR = new LogSink((bytes) => writeSync(descriptor(), bytes))

let opened: number | null = null

/**
 * The descriptor of stderr, in a mode in which a write fails instead of waiting for the reader: a stopped
 * terminal or pipe must not stop the capture.
 */
function descriptor(): number {
  opened ??= unblocked()
  return opened
}

function unblocked(): number {
  // Node makes pipes and sockets non-blocking when the stream is first used, but not terminals.
  void process.stderr.isTTY
  try {
    if (!fstatSync(2).isCharacterDevice()) return 2
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    return openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_NOCTTY)
  } catch {
    return 2
  }
}
