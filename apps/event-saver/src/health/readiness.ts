import type { TopicStatus } from '@grid/bybit-adapter'
import { durationText } from '@grid/core-events'

/** The conditions of readiness, by their stable codes. */
export type ReadinessCode =
  | 'DATABASE_REACHED'
  | 'TOPICS_LIVE'
  | 'CONNECTIONS_ALIVE'
  | 'ACCOUNTS_KNOWN'
  | 'REQUIRED_ACCOUNTS'
  | 'JOURNAL_WRITABLE'
  | 'WRITER_LAG'
  | 'ITEMS_UNDERSTOOD'
  | 'EXCHANGE_CLOCK'
  | 'WATCHDOG'

/** One condition of readiness. */
export interface ReadinessCheck {
  readonly code: ReadinessCode
  readonly ok: boolean
  /** Since when `ok` has this value, in epoch milliseconds. */
  readonly since: number
  readonly detail: string
}

/** The state of a wanted topic, public or of an account. */
export type WantedTopicState = Pick<TopicStatus, 'topic' | 'state'>

/** What readiness depends on. */
export interface ReadinessFacts {
  readonly nowMs: number
  /** Whether the database was reached and prepared since the start. */
  readonly isDatabaseReady: boolean
  readonly topics: readonly WantedTopicState[]
  /** Categories of which it is not known yet which instruments are wanted. */
  readonly unlisted: readonly string[]
  /** What brings nothing though it should; null when nothing is known to. */
  readonly silence: string | null
  /** Why it is not known which accounts are to be captured; null when it is. */
  readonly accountsUnknown: string | null
  /** Which required accounts cannot be captured; null for none. */
  readonly requiredAccounts: string | null
  /** Whether every item is kept. */
  readonly accepting: boolean
  /** Why the journal is not written; null when it is. */
  readonly journalFault: string | null
  /** Age of the oldest waiting item, in milliseconds; 0 when none waits. */
  readonly lagMs: number
  /** Of which channels most becomes dead letters; null for none. */
  readonly deadLetters: string | null
  /** That the exchange's clock is too far from this machine's; null when it is not known to be. */
  readonly exchangeClock: string | null
  /** What the watchdog noticed, or null. */
  readonly watchdog: string | null
}

const MAX_LAG_MS = 60_000

/** Checks readiness, and remembers since when each check has its result. */
export class Readiness {
  readonly #since = new Map<string, { ok: boolean; since: number }>()

  evaluate(facts: ReadinessFacts): { ready: boolean; checks: ReadinessCheck[] } {
    const live = facts.topics.filter((topic) => topic.state === 'live')
    const pending = facts.topics.filter((topic) => topic.state === 'pending')
    const refused = facts.topics.filter((topic) => topic.state === 'refused')
    const isWhole = pending.length === 0 && facts.unlisted.length === 0
    const checks = [
      this.#check(facts, 'DATABASE_REACHED', facts.isDatabaseReady, () =>
        facts.isDatabaseReady
          ? 'was reached'
          : 'not reached yet: what is received waits in the journal',
      ),
      this.#check(facts, 'TOPICS_LIVE', isWhole && live.length > 0, () =>
        [
          `${live.length} live`,
          `${refused.length} refused${listOf(refused)}`,
          `${pending.length} pending${listOf(pending)}`,
          ...facts.unlisted.map((category) => `${category} not listed yet`),
        ].join(', '),
      ),
      this.#check(
        facts,
        'CONNECTIONS_ALIVE',
        facts.silence === null,
        () => facts.silence ?? 'all that are open answer',
      ),
      this.#check(facts, 'ACCOUNTS_KNOWN', facts.accountsUnknown === null, () =>
        facts.accountsUnknown === null
          ? 'read'
          : `the accounts cannot be read: ${facts.accountsUnknown}`,
      ),
      this.#check(
        facts,
        'REQUIRED_ACCOUNTS',
        facts.requiredAccounts === null,
        () => facts.requiredAccounts ?? 'none is refused',
      ),
      this.#check(facts, 'JOURNAL_WRITABLE', facts.accepting && facts.journalFault === null, () => {
        if (!facts.accepting) return 'no room: items are being dropped'
        return facts.journalFault ?? 'is written'
      }),
      this.#check(
        facts,
        'WRITER_LAG',
        facts.lagMs < MAX_LAG_MS,
        () => `the oldest waiting item is ${durationText(facts.lagMs)} old`,
      ),
      this.#check(
        facts,
        'ITEMS_UNDERSTOOD',
        facts.deadLetters === null,
        () => facts.deadLetters ?? 'of no channel most becomes dead letters',
      ),
      this.#check(
        facts,
        'EXCHANGE_CLOCK',
        facts.exchangeClock === null,
        () => facts.exchangeClock ?? "is within 5 s of this machine's",
      ),
      this.#check(facts, 'WATCHDOG', facts.watchdog === null, () => facts.watchdog ?? 'quiet'),
    ]
    return { ready: checks.every((check) => check.ok), checks }
  }

  #check(
    facts: ReadinessFacts,
    code: ReadinessCheck['code'],
    ok: boolean,
    detail: () => string,
  ): ReadinessCheck {
    const before = this.#since.get(code)
    const since = before?.ok === ok ? before.since : facts.nowMs
    this.#since.set(code, { ok, since })
    return { code, ok, since, detail: detail() }
  }
}

function listOf(topics: readonly WantedTopicState[]): string {
  if (topics.length === 0) return ''
  const names = topics.slice(0, 5).map((topic) => topic.topic)
  return ` (${names.join(' ')}${topics.length > names.length ? ' …' : ''})`
}
