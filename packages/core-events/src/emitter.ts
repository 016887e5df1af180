import { EventEmitter } from 'eventemitter3'

/** Maps an event's name to what its listeners receive. */
export type EventMap<Events> = { readonly [Name in keyof Events]: unknown }

/** What is told about a listener that threw. */
export interface ListenerFault {
  /** The name of the event that was being delivered. */
  readonly event: string
  readonly error: unknown
}

/**
 * A typed emitter in which a listener that throws cannot silence the others.
 *
 * Every listener of an event is called, in order of registration. What one throws is handed to the
 * `onFault` given at construction; without one it is thrown again in a task of its own, where the
 * process sees it as uncaught.
 *
 * @example
 * const emitter = new SafeEmitter<{ tick: number }>()
 * emitter.on('tick', (n) => console.log(n))
 * emitter.emit('tick', 1)
 */
export class SafeEmitter<Events extends EventMap<Events>> {
  readonly #emitter = new EventEmitter()
  readonly #onFault: (fault: ListenerFault) => void
  /** The listeners by event, until one is added or removed: the emitter makes a new list each time. */
  readonly #lists = new Map<string, readonly ((payload: never) => void)[]>()

  constructor(onFault: (fault: ListenerFault) => void = throwLater) {
    this.#onFault = onFault
  }

  /** Adds a listener; the function returned removes it. */
  on<Name extends keyof Events & string>(
    name: Name,
    listener: (payload: Events[Name]) => void,
  ): () => void {
    this.#emitter.on(name, listener)
    this.#lists.delete(name)
    return () => this.off(name, listener)
  }

  /** Adds a listener for the next event of that name only; the function returned removes it. */
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

  /** How many listeners an event has. */
  listenerCount(name: keyof Events & string): number {
    return this.#emitter.listenerCount(name)
  }

  /** Calls every listener of an event; whether there was any. */
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
