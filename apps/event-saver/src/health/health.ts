import { nowMs } from '@grid/core-events'
import type { Config } from '../config/config.ts'
import { isWorthALine, type Logger } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'
import { HttpAccess } from './http-access.ts'
import { LoopWatchdog } from './loop-watchdog.ts'
import { Readiness } from './readiness.ts'
import { readSaverStatus, type StatusSources } from './saver-status.ts'
import { HttpServer } from './server.ts'
import type { SaverStatus } from './status.ts'

/** What the health of a saver is made of. */
export interface HealthOptions extends StatusSources {
  readonly config: StatusSources['config'] & Pick<Config, 'httpAddress' | 'httpHosts' | 'httpToken'>
  readonly log: Logger
}

/** Watches a saver and serves its health, status and metrics over HTTP. */
export class Health {
  readonly #sources: Omit<HealthOptions, 'log'>
  readonly #startedAt: number
  readonly #readiness = new Readiness()
  readonly #watchdog: LoopWatchdog
  readonly #access: HttpAccess
  readonly #server: HttpServer
  readonly #log: Logger
  #isFailed = false
  #tickFailures = 0

  constructor({ log, ...sources }: HealthOptions) {
    this.#sources = sources
    this.#log = log
    this.#startedAt = nowMs(sources.clock)
    const { httpAddress, httpHosts, httpToken } = sources.config
    this.#access = new HttpAccess({
      host: httpAddress.host,
      hosts: httpHosts,
      token: httpToken,
    })
    const subject = {
      status: () => this.status(),
      alive: () => !this.#isFailed && !this.#watchdog.stalled,
    }
    this.#server = new HttpServer(subject, this.#access)
    // Reading the status regularly lets readiness know since when each of its checks holds.
    this.#watchdog = new LoopWatchdog(
      () => this.status(),
      (error) => this.#onTickFailure(error),
    )
  }

  /** Begins to serve; gives the address. A busy address rejects with exit code 78. */
  listen(): Promise<string> {
    if (this.#access.isClosed) {
      const text =
        'beyond loopback /status and /metrics need a token: set EVENTSAVER_HTTP_TOKEN, until then they answer 401'
      this.#log.warn({ code: 'HTTP_TOKEN_MISSING' }, text)
    }
    return this.#server.listen(this.#sources.config.httpAddress)
  }

  /** Everything that is known of the saver, read in one synchronous step. */
  status(): SaverStatus {
    return readSaverStatus(this.#sources, {
      readiness: this.#readiness,
      startedAt: this.#startedAt,
      isStalled: this.#watchdog.stalled,
    })
  }

  /** The saver cannot go on: from now on it is reported as not alive. */
  fail(): void {
    this.#isFailed = true
  }

  #onTickFailure(error: unknown): void {
    this.#tickFailures += 1
    if (!isWorthALine(this.#tickFailures)) return
    const facts = { failures: this.#tickFailures, reason: reasonOf(error) }
    this.#log.warn({ code: 'STATUS_UNREADABLE', ...facts }, 'cannot read the own status')
  }

  async close(): Promise<void> {
    await this.#server.close()
    this.#watchdog.stop()
  }
}
