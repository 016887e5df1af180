/** Codes of replies that will not change: this key, account or coin may not read the endpoint. */
const NOT_FOR_US: ReadonlySet<unknown> = new Set(['PERMISSION_DENIED', 'ACCOUNT_MODE', 'REFUSED'])

/** Whether the exchange will answer the same again. A passing failure is tried again. */
export function isLasting(error: unknown): boolean {
  const { code, retryable } = error as { readonly code?: unknown; readonly retryable?: boolean }
  return NOT_FOR_US.has(code) && retryable !== true
}

/** Reads what is asked for by a name; null when the exchange does not know the name any more. */
export async function orUnknown<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read()
  } catch (error) {
    if (!isLasting(error) || (error as { readonly code?: unknown }).code !== 'REFUSED') throw error
    return null
  }
}
