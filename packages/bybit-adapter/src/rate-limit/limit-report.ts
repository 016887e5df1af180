/** What one answer says about limits. */
export interface LimitReport {
  /** Requests a second that the endpoint allows (`X-Bapi-Limit`). */
  readonly limit: number | null
  /** How many of them were left after this request (`X-Bapi-Limit-Status`). */
  readonly remaining: number | null
  /** When all of them are available again, by the exchange's clock, in epoch milliseconds. */
  readonly resetAtMs: number | null
  /** This endpoint received too many requests. */
  readonly isLimited: boolean
  /** This address sent too many requests. */
  readonly isIpBan: boolean
}

/** What an answer refuses, besides what its headers say. */
export type LimitRefusal = Partial<Pick<LimitReport, 'isLimited' | 'isIpBan'>>

/** How long the exchange bans an address that sent too many requests, in milliseconds. */
export const IP_BAN_MS = 600_000

/**
 * Reads the limit headers of an answer (`X-Bapi-Limit`, `-Status`, `-Reset-Timestamp`); each may be absent.
 *
 * @example
 * report(limitReport(response.headers, { isLimited: response.status === 429 }))
 */
export function limitReport(headers: Headers, refusal: LimitRefusal = {}): LimitReport {
  return {
    limit: count(headers.get('x-bapi-limit')) || null,
    remaining: count(headers.get('x-bapi-limit-status')),
    resetAtMs: count(headers.get('x-bapi-limit-reset-timestamp')),
    isLimited: refusal.isLimited ?? false,
    isIpBan: refusal.isIpBan ?? false,
  }
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}
