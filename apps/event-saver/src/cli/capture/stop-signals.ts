import type { Logger } from '../../log/log.ts'

/** SIGHUP says that the terminal or the session is gone. Under nohup too: Node forgets that it was ignored. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** What asks a capture to stop. */
export interface StopSignals {
  /** Resolves at the first signal. */
  readonly stop: Promise<void>
  /** Aborts at the second SIGTERM or SIGINT: no longer wait for the database. */
  readonly hurry: AbortSignal
}

/**
 * Listens for the signals that stop a capture, until the process ends.
 *
 * SIGHUP never hurries: a closing terminal sends it from the kernel and from the shell, and service
 * managers may send it beside SIGTERM.
 */
export function stopSignals(log: Logger): StopSignals {
  const { promise: stop, resolve } = Promise.withResolvers<void>()
  const hurry = new AbortController()
  let asked = 0
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGHUP') asked += 1
      if (asked > 1) hurry.abort()
      resolve()
      log.info({ signal }, 'stopping')
    })
  }
  return { stop, hurry: hurry.signal }
}
