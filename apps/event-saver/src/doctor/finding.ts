/** What one examination found. */
export interface Finding {
  readonly code: 'CLOCK' | 'EXCHANGE_HOST' | 'DATABASE' | 'DISK_SPACE' | 'FILE_LIMIT' | 'SYMBOLS'
  readonly ok: boolean
  readonly detail: string
  /** What to do about it; empty when nothing is wrong. */
  readonly fix: string
}

/** A finding that all is well. */
export function well(code: Finding['code'], detail: string): Finding {
  return { code, ok: true, detail, fix: '' }
}

/** A finding of a problem, with what to do about it. */
export function problem(code: Finding['code'], detail: string, fix: string): Finding {
  return { code, ok: false, detail, fix }
}
