/** Codes of replies that will not change: this key, account or coin may not read the endpoint. */
const NOT_FOR_US: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'ACCOUNT_MODE', 'REFUSED'])

/** Whether the exchange will answer the same again. A passing failure is tried again. */
export function isLasting(error: unknown): boolean {
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: boolean }
  return NOT_FOR_US.has(code) && retryable !== true
}

/**
 * Whether a refusal is about the key, the kind of account or what was asked for, so that it will not change. A code
 * that nobody has explained yet may be one of a fault that passes.
 */
export function isExplained(error: unknown): boolean {
  const { code, retCode } = error as { readonly code?: unknown; readonly retCode?: number }
  return code !== 'REFUSED' || (retCode !== undefined && isOfRequest(retCode))
}

/** Codes of refusals of what was asked for: a wrong parameter, an instrument or order that does not exist or trades no more. */
const OF_REQUEST: ReadonlySet<number> = new Set([10001, 10017, 10029, 110001, 110074])

function isOfRequest(retCode: number): boolean {
  return OF_REQUEST.has(retCode) || (retCode >= 181_000 && retCode < 182_000)
}

/** Whether a refusal may be one of a name that was asked for. */
export function isOfName(error: unknown): boolean {
  return isLasting(error) && (error as { readonly code?: unknown }).code === 'REFUSED'
}

/** Reads what is asked for by a name; null when the exchange does not know the name any more. */
export async function orUnknown<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read()
  } catch (error) {
    if (!isOfName(error)) throw error
    return null
  }
}
