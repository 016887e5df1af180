import { BybitAdapterError } from '../errors.ts'

/** Settles with a promise, or with `ABORTED` as soon as the signal aborts. */
export function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
  endpoint?: string,
): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError(signal, endpoint))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The error of a request that its owner ended. */
export function abortedError({ reason }: AbortSignal, endpoint?: string): BybitAdapterError {
  return new BybitAdapterError('ABORTED', 'the request was aborted', {
    cause: reason,
    ...(endpoint !== undefined && { endpoint }),
  })
}
