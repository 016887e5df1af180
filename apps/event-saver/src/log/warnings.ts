import type { Logger } from './log.ts'

/**
 * Logs what Node and libraries warn of, such as deprecations, as lines of the log. By themselves they write
 * several plain lines to stderr, which a reader of JSON lines cannot read.
 */
export function logWarnings(log: Logger): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    log.warn({ code: 'RUNTIME_WARNING', name, reason: message }, 'a part of the runtime warns')
  })
}
