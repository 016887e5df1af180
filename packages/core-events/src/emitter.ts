import { EventEmitter } from 'eventemitter3'

/** Maps an event's name to what its listeners receive. */
export type EventMap<Events> = { readonly [Name in keyof Events]: unknown }

/** A listener that threw. */
export interface ListenerFault {
  /** The name of the event that was being delivered. */
  readonly event: string
  readonly error: unknown
}

/**
 * A typed emitter that calls every listener, even when another one throws.
 *
 * Listeners are called in the order in which they were added. What a listener throws goes to the
 * `onFault` of the constructor; without one it is thrown again in a microtask, where it becomes an
 * uncaught exception of the process.
 *
 * @example
 * const emitter = new SafeEmitter<{ tick: number }>()
 * emitter.on('tick', (n) => console.log(n))
 * emitter.emit('tick', 1)
 */
export class SafeEmitter<Events extends EventMap<Events>> {
  readonly #emitter = new EventEmitter()
  readonly #onFault: (fault: ListenerFault) => void
  /** The listeners of each event, cached because eventemitter3 copies its list on every read. */
  readonly #lists = new Map<string, readonly ((payload: never) => void)[]>()

  constructor(onFault: (fault: ListenerFault) => void = throwLater) {
    this.#onFault = onFault
  }

  /** Adds a listener; gives a function that removes it. */
  on<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => void,
  ): () => void {
    this.#emitter.on(name, listener)
    this.#lists.delete(name)
    return () => this.off(name, listener)
  }

  /** Adds a listener for only the next event of that name; gives a function that removes it. */
  once<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => void,
  ): () => void {
    const remove = this.on(name, (payload) => {
      remove()
      listener(payload)
    })
    return remove
  }

  /** Removes a listener that `on` added. */
  off<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => void,
  ): void {
    this.#emitter.off(name, listener)
    this.#lists.delete(name)
  }

  /** The number of listeners of an event. */
  listenerCount(name: keyof Events & string): number {
    return this.#emitter.listenerCount(name)
  }

  /** Calls every listener of an event; gives whether there was one. */
  emit<Name extends keyof Events & string>(name: Name, payload: Events[Name]): boolean {
    const listeners = this.#listeners(name)
    for (const listener of listeners) {
      try {
        listener(payload)
      } catch (error) {
        this.#onFault({ event: name, error })
      }
    }
    return listeners.length > 0
  }

  #listeners<Name extends keyof Events & string>(
    name: Name,
  ): readonly ((payload: Events[Name]) => void)[] {
    const known = this.#lists.get(name)
    if (known !== undefined) return known as readonly ((payload: Events[Name]) => void)[]
    const listeners = this.#emitter.listeners(name)
    this.#lists.set(name, listeners)
    return listeners
  }
}

function throwLater(fault: ListenerFault): void {
  queueMicrotask(() => {
    throw fault.error
  })
}
