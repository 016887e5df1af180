import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Secret } from '@grid/core-events'
import { isLoopback } from '../config/loopback.ts'

/** What decides who may read a saver over HTTP. */
export interface HttpAccessOptions {
  /** Where the server listens. */
  readonly host: string
  /** Names that clients may use for it, besides addresses and the machine's own names. */
  readonly hosts: readonly string[]
  /** What clients send as `Authorization: Bearer …`; undefined when none is set. */
  readonly token: Secret | undefined
}

/** Why a request may not read the details. */
export interface Refusal {
  readonly status: 401 | 403
  readonly code: 'HOST_UNKNOWN' | 'TOKEN_MISSING' | 'TOKEN_WRONG'
  readonly message: string
}

/**
 * Decides which requests may read details: what is captured, which accounts, how much.
 *
 * The `Host` must be known. A web page of another site can point a name of its own at this server and
 * read what it answers, but the browser then sends that name; addresses cannot be pointed elsewhere.
 * Beyond loopback, and wherever a token is set, the request must carry the token.
 */
export class HttpAccess {
  readonly #hosts: ReadonlySet<string>
  readonly #token: Buffer | null
  readonly #needsToken: boolean

  constructor({ host, hosts, token }: HttpAccessOptions) {
    this.#hosts = new Set([host, hostname(), ...hosts].map((name) => name.toLowerCase()))
    this.#token = token === undefined ? null : digest(token.reveal())
    this.#needsToken = token !== undefined || !isLoopback(host)
  }

  /** Whether nobody can read details, because a token is needed and none is set. */
  get isClosed(): boolean {
    return this.#needsToken && this.#token === null
  }

  /** Why a request may not read details; null when it may. */
  refusal({ host, authorization }: IncomingHttpHeaders): Refusal | null {
    if (!this.#knows(host ?? '')) {
      return {
        status: 403,
        code: 'HOST_UNKNOWN',
        message: 'the Host of the request is not known: name it in EVENTSAVER_HTTP_HOSTS',
      }
    }
    if (!this.#needsToken) return null
    if (this.#token === null) {
      return {
        status: 401,
        code: 'TOKEN_MISSING',
        message: 'beyond loopback a token is needed: set EVENTSAVER_HTTP_TOKEN',
      }
    }
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return null
    return {
      status: 401,
      code: 'TOKEN_WRONG',
      message: 'send the token: Authorization: Bearer <EVENTSAVER_HTTP_TOKEN>',
    }
  }

  #knows(header: string): boolean {
    const name = header
      .replace(/:\d*$/, '')
      .replace(/^\[|\]$/g, '')
      .toLowerCase()
    return isIP(name) !== 0 || isLoopback(name) || this.#hosts.has(name)
  }
}

/** Of one length, so that a comparison tells nothing of the token. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
