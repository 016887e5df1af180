import { blankRecords, type RawRecord } from '../format/blank-records.ts'
import type { Block } from '../format/block.ts'
import type { JournalOrigin } from '../format/items.ts'
import { RECORD } from '../format/record.ts'

/** A frame of market data names the instrument behind a dot. */
const OF_A_MARKET = /"topic"\s*:\s*"[^".]+\./

/**
 * Takes the records of some accounts out of blocks, which must come in the order in which they were written: what
 * their connections brought, and whatever names them.
 */
export class AccountRecords {
  readonly #accounts: ReadonlySet<string>
  /** Whether each known connection is one of these accounts'. */
  readonly #connections = new Map<number, boolean>()
  #process: number | null = null

  constructor(accounts: ReadonlySet<string>) {
    this.#accounts = accounts
  }

  /** The block without them; the same block where there are none. */
  takeOut(block: Block): Block {
    if (block.process !== this.#process) this.#connections.clear()
    this.#process = block.process
    return blankRecords(block, (record) => this.#isOfAccounts(record))
  }

  #isOfAccounts({ body, connection, kind }: RawRecord): boolean {
    switch (kind) {
      case RECORD.frame:
        // Of a connection whose beginning is damaged, which nobody can read any more.
        return this.#connections.get(connection) ?? !OF_A_MARKET.test(textOf(body))
      case RECORD.opened:
        return this.#learn(connection, parse(body))
      case RECORD.checkpoint: {
        const { origin = null } = (parse(body) ?? {}) as { readonly origin?: unknown }
        return this.#learn(connection, origin)
      }
      case RECORD.note: {
        const { connection: named } = (parse(body) ?? {}) as { readonly connection?: unknown }
        const isTheirs = typeof named === 'number' && this.#connections.get(named) === true
        return isTheirs || this.#names(body)
      }
      default:
        return false
    }
  }

  #learn(connection: number, origin: unknown): boolean {
    // Sound: only origins stand there.
    const { accountId = null } = (origin ?? {}) as Partial<JournalOrigin>
    const isTheirs = accountId !== null && this.#accounts.has(accountId)
    if (origin !== null) this.#connections.set(connection, isTheirs)
    return isTheirs
  }

  /** Whether a note names one of them, such as one of a gap. */
  #names(body: Uint8Array): boolean {
    const text = textOf(body)
    return [...this.#accounts].some((account) => text.includes(account))
  }
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
}
