import type { Logger } from '../../log/log.ts'

/** SIGHUP says that the terminal or the session is gone. Under nohup too: Node forgets that it was ignored. */
const STOPS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const
/**
 * Signals that ask for something else, such as a new log file, and would end the process undrained. SIGUSR1 would
 * open Node's debugger, through which every user of this machine could read the secrets.
 */
const IGNORED = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGIO',
  'SIGPWR',
] as const

/** What asks a capture to stop. */
export interface StopSignals {
  /** Resolves at the first signal. */
  readonly stop: Promise<void>
  /** Aborts at the second of them, SIGHUP not counted: no longer wait for the database. */
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
  for (const signal of STOPS) {
    process.on(signal, () => {
      if (signal !== 'SIGHUP') asked += 1
      if (asked > 1) hurry.abort()
      resolve()
      log.info({ signal }, 'stopping')
    })
  }
  for (const signal of IGNORED) {
    process.on(signal, () => {
      log.warn(
        { code: 'SIGNAL_IGNORED', signal },
        `${signal} means nothing here; SIGTERM stops the capture`,
      )
    })
  }
  return { stop, hurry: hurry.signal }
}
