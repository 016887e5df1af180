/** The result of one examination. */
export interface Finding {
  readonly code:
    | 'ACCOUNTS'
    | 'CLOCK'
    | 'COLLECTOR'
    | 'CONNECTIONS'
    | 'DATABASE'
    | 'DATA_DIR'
    | 'DISK_SPACE'
    | 'EXCHANGE_HOST'
    | 'FILE_LIMIT'
    | 'HTTP_ADDRESS'
    | 'INSTRUMENTS'
    | 'JOURNAL'
    | 'SETTINGS'
    | 'SYMBOLS'
    | 'TRIAL'
  readonly ok: boolean
  readonly detail: string
  /** How to mend the problem; empty when there is none. */
  readonly fix: string
}

/** The finding that all is well. */
export function well(code: Finding['code'], detail: string): Finding {
  return { code, ok: true, detail, fix: '' }
}

/** The finding of a problem, with how to mend it. */
export function problem(code: Finding['code'], detail: string, fix: string): Finding {
  return { code, ok: false, detail, fix }
}
