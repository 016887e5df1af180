import { BybitRestClient, type ServerTime } from '@grid/bybit-adapter'
import { nowMs, type PublicEvent, retry } from '@grid/core-events'
import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { isWorthALine, type Logger } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'
import { retryLog } from '../log/retry-log.ts'
import { DeadLetterShare } from './dead-letter-share.ts'
import { ExchangeClock } from './exchange-clock.ts'
import { HttpAccess } from './http-access.ts'
import { LoopWatchdog } from './loop-watchdog.ts'
import { MachineWatch, machineReaders } from './machine-watch.ts'
import { Readiness } from './readiness.ts'
import { ReadinessLog } from './readiness-log.ts'
import { readSaverStatus, type StatusSources } from './saver-status.ts'
import { addressText, HttpServer } from './server.ts'
import type { SaverStatus } from './status.ts'

const HTTP_ADDRESS_UNUSABLE = 'HTTP_ADDRESS_UNUSABLE'
/** An address that the network has not given yet, as at a machine's start, names that cannot be asked for, and full tables. */
const PASSING: ReadonlySet<unknown> = new Set(
  'EADDRNOTAVAIL EAI_AGAIN EAI_FAIL EMFILE ENFILE ENOBUFS ENOMEM ENOTFOUND'.split(' '),
)
const BACKOFF = { baseMs: 1000, capMs: 15_000, jitter: false }

/** Where a saver is served, for the log. */
export function servedText(address: string): string {
  return `health, status and metrics at http://${address}`
}

/** What the health of a saver is made of. */
export interface HealthOptions extends StatusSources {
  readonly config: StatusSources['config'] &
    Pick<
      Config,
      'dataDir' | 'environment' | 'httpAddress' | 'httpHosts' | 'httpToken' | 'restUrl' | 'wsUrl'
    >
  readonly log: Logger
}

/** Watches a saver and serves its health, status and metrics over HTTP. */
export class Health {
  readonly #sources: Omit<HealthOptions, 'log'>
  readonly #startedAt: number
  readonly #readiness = new Readiness()
  readonly #readinessLog: ReadinessLog
  readonly #deadLetters = new DeadLetterShare()
  readonly #exchangeClock: ExchangeClock
  readonly #machine: MachineWatch
  readonly #watchdog: LoopWatchdog
  readonly #access: HttpAccess
  readonly #server: HttpServer
  readonly #log: Logger
  readonly #stopping = new AbortController()
  #isFailed = false
  #tickFailures = 0

  constructor({ log, ...sources }: HealthOptions) {
    this.#sources = sources
    this.#log = log
    this.#readinessLog = new ReadinessLog(log, sources.clock)
    this.#startedAt = nowMs(sources.clock)
    const { clock } = sources
    const { dataDir, httpAddress, httpHosts, httpToken } = sources.config
    this.#exchangeClock = new ExchangeClock({ clock, log, readTime: timeReader(sources) })
    this.#machine = new MachineWatch({ clock, log, readers: machineReaders(dataDir) })
    this.#access = new HttpAccess({
      host: httpAddress.host,
      hosts: httpHosts,
      token: httpToken,
    })
    const subject = {
      status: () => this.status(),
      alive: () => !this.#isFailed,
    }
    this.#server = new HttpServer(subject, this.#access)
    // Reading the status regularly lets readiness know since when each of its checks holds.
    this.#watchdog = new LoopWatchdog({
      onTick: () => this.#onTick(),
      onError: (error) => this.#onTickFailure(error),
      onStall: (lastedMs) => this.#onStall(lastedMs),
    })
  }

  /**
   * Begins to serve; gives the address, or null where this machine does not have it yet: the capture does not wait for
   * it, and it is tried again. Rejects with a `CommandError` with exit code 78 when the address cannot be used, as it is
   * in use.
   */
  async listen(): Promise<string | null> {
    if (this.#access.isClosed) {
      const text =
        'beyond loopback /status and /metrics need a token: set EVENTSAVER_HTTP_TOKEN, until then they answer 401'
      this.#log.warn({ code: 'HTTP_TOKEN_MISSING' }, text)
    }
    try {
      return await this.#server.listen(this.#sources.config.httpAddress)
    } catch (error) {
      const { code } = error as { readonly code?: unknown }
      if (!PASSING.has(code)) throw this.#unusable(code)
      void this.#listenLater()
      return null
    }
  }

  /** Tries again until the address can be used, or the saver stops. */
  async #listenLater(): Promise<void> {
    const { clock, config } = this.#sources
    const { signal } = this.#stopping
    try {
      const address = await retry(() => this.#server.listen(config.httpAddress), {
        clock,
        signal,
        backoff: BACKOFF,
        onRetry: retryLog(this.#log, {
          code: HTTP_ADDRESS_UNUSABLE,
          failing:
            'EVENTSAVER_HTTP_ADDRESS cannot be used yet: capturing without health, status and metrics',
          recovered: 'EVENTSAVER_HTTP_ADDRESS can be used',
        }),
      })
      this.#log.info({ httpAddress: address }, servedText(address))
    } catch {
      // Only the stop ends it.
    }
  }

  #unusable(reason: unknown): CommandError {
    const { host, port } = this.#sources.config.httpAddress
    const message = `EVENTSAVER_HTTP_ADDRESS ${addressText(host, port)} cannot be used (${reason}); set another, or port 0 for any free one`
    return new CommandError(EXIT.configuration, HTTP_ADDRESS_UNUSABLE, message)
  }

  /** Everything that is known of the saver, read in one synchronous step. */
  status(): SaverStatus {
    return readSaverStatus(this.#sources, {
      readiness: this.#readiness,
      startedAt: this.#startedAt,
      stalledMs: this.#watchdog.stalledMs,
      stalls: this.#watchdog.stalls,
      deadLetters: this.#deadLetters,
      exchangeClock: this.#exchangeClock,
      machine: this.#machine.status,
    })
  }

  /** The saver cannot go on: from now on it is reported as not alive. */
  fail(): void {
    this.#isFailed = true
  }

  /** The saver stops: that it is not ready from now on is no loss. */
  stopping(): void {
    this.#readinessLog.end()
  }

  /** Takes the events of a frame, received at a time in epoch microseconds. */
  noteEvents([event]: readonly PublicEvent[], localTsUs: number): void {
    if (event !== undefined) this.#exchangeClock.note(event.exchangeTs, localTsUs)
  }

  #onTick(): void {
    this.#machine.tick()
    this.#exchangeClock.tick(this.#stopping.signal)
    this.#readinessLog.take(this.status().checks)
  }

  #onStall(lastedMs: number): void {
    const text = 'the process stood still: nothing was read meanwhile'
    this.#log.warn({ code: 'LOOP_STALLED', lastedMs: Math.round(lastedMs) }, text)
  }

  #onTickFailure(error: unknown): void {
    this.#tickFailures += 1
    if (!isWorthALine(this.#tickFailures)) return
    const facts = { failures: this.#tickFailures, reason: reasonOf(error) }
    this.#log.warn({ code: 'STATUS_UNREADABLE', ...facts }, 'cannot read the own status')
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#server.close()
    this.#watchdog.stop()
  }
}

/** Reads the exchange's clock once; null where REST would ask another exchange than the streams. */
function timeReader({
  clock,
  config,
}: Pick<HealthOptions, 'clock' | 'config'>): ((signal: AbortSignal) => Promise<ServerTime>) | null {
  const { environment, restUrl, wsUrl } = config
  if (wsUrl !== undefined && restUrl === undefined) return null
  const client = new BybitRestClient({ environment, restUrl, clock, maxAttempts: 1 })
  return (signal) => client.time({ signal })
}
