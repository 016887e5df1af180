import { type EventMap, SafeEmitter } from '@grid/core-events'

/**
 * Makes a stream's emitter: what a listener throws is told by the status `listener_fault`.
 *
 * What a status listener throws is thrown again in a task of its own: a status could not tell it.
 */
export function streamEmitter<
  Events extends EventMap<Events> & { status: unknown },
>(): SafeEmitter<Events> {
  const emitter: SafeEmitter<Events> = new SafeEmitter((fault) => {
    if (fault.event === 'status') {
      queueMicrotask(() => {
        throw fault.error
      })
      return
    }
    // Sound: every stream's status has a listener's fault among its types.
    emitter.emit('status', { type: 'listener_fault', ...fault } as Events['status'])
  })
  return emitter
}
