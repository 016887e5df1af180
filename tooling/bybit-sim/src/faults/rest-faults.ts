/**
 * How a REST request goes wrong.
 *
 * | how | what happens |
 * |---|---|
 * | `html` | HTTP 200 with a page of HTML where JSON should be |
 * | `502` | HTTP 502 with a page of HTML |
 * | `reset` | the connection is reset in the middle of the body |
 * | `empty-page` | the list is empty, and the cursor says that there is more |
 * | `repeat-cursor` | the cursor is the one that was sent, or the page's own: a loop |
 * | `late` | the answer comes late |
 * | `limited` | retCode 10006 although no limit was reached |
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

/** What is to happen to requests to come. */
export interface RestFault {
  readonly how: RestFaultKind
  readonly path?: string
  readonly count?: number
  readonly delayMs?: number
}

/** The faults that lie in wait for REST requests. */
export class RestFaults {
  readonly #waiting: { readonly fault: RestFault; remaining: number }[] = []

  add(fault: RestFault): void {
    this.#waiting.push({ fault, remaining: fault.count ?? 1 })
  }

  /** The fault that befalls a request to this path, if any; it is used up by it. */
  next(path: string): RestFault | null {
    const found = this.#waiting.find(
      ({ fault, remaining }) => remaining > 0 && (fault.path === undefined || fault.path === path),
    )
    if (found === undefined) return null
    found.remaining--
    return found.fault
  }
}
