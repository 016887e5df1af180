import { Writable } from 'node:stream'
import { warnTo } from 'pgpass'
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
  // What `pg` reads files of passwords with writes plain lines too, such as of a file that others can read
  // and that it therefore does not use.
  warnTo(
    new Writable({
      write: (text, _encoding, done) => {
        const reason = String(text).trim()
        log.warn({ code: 'PASSWORD_FILE_UNUSED', reason }, 'the file of passwords is not used')
        done()
      },
    }),
  )
}
