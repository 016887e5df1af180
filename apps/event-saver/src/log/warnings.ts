import { createRequire } from 'node:module'
import { Writable } from 'node:stream'
import type { Logger } from './log.ts'

/** What `pg` reads files of passwords with. */
interface PgPass {
  warnTo(stream: Writable): unknown
}

/**
 * Logs what Node and libraries warn of, such as deprecations, as lines of the log. By themselves they write
 * several plain lines to stderr, which a reader of JSON lines cannot read.
 */
export function logWarnings(log: Logger): void {
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    log.warn({ code: 'RUNTIME_WARNING', name, reason: message }, 'a part of the runtime warns')
  })
  // It writes plain lines too, such as of a file that others can read and that it therefore does not use.
  const ofPg = createRequire(createRequire(import.meta.url).resolve('pg'))
  const { warnTo } = ofPg('pgpass') as PgPass
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
