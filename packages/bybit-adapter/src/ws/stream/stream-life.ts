import { BybitAdapterError } from '../../errors.ts'

/** What a stream does when it begins and ends. */
export interface StreamLifeHandlers {
  readonly begin: () => void
  /** Resolves when nothing is left. */
  readonly shutDown: () => Promise<void>
}

/** Starts a stream once, makes it ready once and closes it once, in whatever order its owner asks. */
export class StreamLife {
  readonly #handlers: StreamLifeHandlers
  readonly #ready = Promise.withResolvers<void>()
  #isStarted = false
  #isReady = false
  #closing: Promise<void> | null = null
  #stopListening: () => void = () => {}

  constructor(handlers: StreamLifeHandlers) {
    this.#handlers = handlers
    // If the owner does not wait for start(), its rejection must not count as unhandled.
    this.#ready.promise.catch(() => {})
  }

  get isStarted(): boolean {
    return this.#isStarted
  }

  /** Whether it was started and is not ready yet. */
  get isStarting(): boolean {
    return this.#isStarted && !this.#isReady
  }

  get isClosing(): boolean {
    return this.#closing !== null
  }

  /** Resolves when ready; rejects with `ABORTED` if closed before, and with `ALREADY_STARTED`. */
  start(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isStarted) {
      const error = new BybitAdapterError('ALREADY_STARTED', 'the stream was started before')
      return Promise.reject(error)
    }
    this.#isStarted = true
    if (this.#closing !== null) return this.#ready.promise
    const onAbort = (): void => void this.close()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stopListening = () => signal?.removeEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    else this.#handlers.begin()
    return this.#ready.promise
  }

  becomeReady(): void {
    this.#isReady = true
    this.#ready.resolve()
  }

  close(): Promise<void> {
    if (this.#closing !== null) return this.#closing
    const closing = Promise.withResolvers<void>()
    // Set first: a listener of what follows may close the stream as well.
    this.#closing = closing.promise
    this.#ready.reject(
      new BybitAdapterError('ABORTED', 'the stream was closed before it was ready'),
    )
    this.#stopListening()
    closing.resolve(this.#handlers.shutDown())
    return closing.promise
  }
}
