import type { Category } from '@grid/core-events'

/**
 * How a REST request goes wrong.
 *
 * | how | what happens |
 * |---|---|
 * | `html` | HTTP 200 with an HTML page in place of JSON |
 * | `502` | HTTP 502 with an HTML page |
 * | `reset` | the connection is reset in the middle of the body |
 * | `empty-page` | the list is empty, but the cursor says that there is more |
 * | `repeat-cursor` | the cursor of the request comes back, so that a client would loop |
 * | `late` | the reply comes late |
 * | `limited` | retCode 10006, although no limit was reached |
 */
export const REST_FAULTS = [
  'html',
  '502',
  'reset',
  'empty-page',
  'repeat-cursor',
  'late',
  'limited',
] as const

/** How a REST request goes wrong. */
export type RestFaultKind = (typeof REST_FAULTS)[number]

/** A fault for coming requests. */
export interface RestFault {
  readonly how: RestFaultKind
  readonly path?: string
  /** Only requests that name this category. */
  readonly category?: Category
  readonly count?: number
  readonly delayMs?: number
}

/** The faults that wait for REST requests. */
export class RestFaults {
  readonly #waiting: { readonly fault: RestFault; remaining: number }[] = []

  add(fault: RestFault): void {
    this.#waiting.push({ fault, remaining: fault.count ?? 1 })
  }

  /** The fault that hits a request, or null. Each fault hits as often as its `count` says. */
  next(path: string, category: string): RestFault | null {
    const found = this.#waiting.find(
      ({ fault, remaining }) =>
        remaining > 0 &&
        (fault.path === undefined || fault.path === path) &&
        (fault.category === undefined || fault.category === category),
    )
    if (found === undefined) return null
    found.remaining--
    return found.fault
  }
}
