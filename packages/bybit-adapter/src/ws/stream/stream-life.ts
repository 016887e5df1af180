import { BybitAdapterError } from '../../errors.ts'

/** What a stream does as it begins and ends. */
export interface StreamLifeHandlers {
  readonly begin: () => void
  /** Resolves when nothing is left. */
  readonly shutDown: () => Promise<void>
}

/** A stream is started once, becomes ready once and is closed once, in whatever order that is asked. */
export class StreamLife {
  readonly #handlers: StreamLifeHandlers
  readonly #ready = Promise.withResolvers<void>()
  #isStarted = false
  #isReady = false
  #closing: Promise<void> | null = null
  #stopListening: () => void = () => {}

  constructor(handlers: StreamLifeHandlers) {
    this.#handlers = handlers
    // The owner may not be waiting for start(): that it was aborted is then no one's concern.
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

  /** Resolves when ready; rejects with `ABORTED` when closed before, and with `ALREADY_STARTED`. */
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
    // Before anything is told: a listener may close, too.
    this.#closing = closing.promise
    this.#ready.reject(
      new BybitAdapterError('ABORTED', 'the stream was closed before it was ready'),
    )
    this.#stopListening()
    closing.resolve(this.#handlers.shutDown())
    return closing.promise
  }
}
