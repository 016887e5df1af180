import { nowMs } from '@grid/core-events'
import type { ListenAddress } from '../config/schemas.ts'
import { LoopWatchdog } from './loop-watchdog.ts'
import { Readiness } from './readiness.ts'
import { readSaverStatus, type StatusSources } from './saver-status.ts'
import { HttpServer } from './server.ts'
import type { SaverStatus } from './status.ts'

/** Watches a saver and serves its health, status and metrics over HTTP. */
export class Health {
  readonly #sources: StatusSources
  readonly #startedAt: number
  readonly #readiness = new Readiness()
  readonly #watchdog: LoopWatchdog
  readonly #server: HttpServer
  #isFailed = false

  constructor(sources: StatusSources) {
    this.#sources = sources
    this.#startedAt = nowMs(sources.clock)
    this.#server = new HttpServer({
      status: () => this.status(),
      alive: () => !this.#isFailed && !this.#watchdog.stalled,
    })
    // Reading the status regularly lets readiness know since when each of its checks holds.
    this.#watchdog = new LoopWatchdog(() => this.status())
  }

  /** Begins to serve; gives the address. A busy address rejects with exit code 78. */
  listen(address: ListenAddress): Promise<string> {
    return this.#server.listen(address)
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

  async close(): Promise<void> {
    await this.#server.close()
    this.#watchdog.stop()
  }
}
