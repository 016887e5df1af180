import { type Category, type Clock, nowMs } from '@grid/core-events'
import { possibleSymbols } from '../base/possible-symbols.ts'
import type { SocketFamily } from '../dialects/dialect.ts'
import type { Fault } from './fault.ts'

/** What happens to the next acknowledgements. */
interface AckRule {
  readonly connection: number | null
  readonly uid: string | null
  readonly delayMs: number | null
  remaining: number
}

interface Silence {
  readonly topic: string
  readonly category: Category | null
  readonly untilMs: number
  /** Null for every connection, present and future. */
  readonly connections: Set<number> | null
  readonly endsWithSubscribe: boolean
}

type AuthFault = Extract<Fault, { kind: 'auth' }>

/** The faults that wait for their occasion: an acknowledgement, a login, a topic, a new connection. */
export class FaultPlan {
  readonly #clock: Clock
  readonly #ackRules: AckRule[] = []
  readonly #authRules: { readonly fault: AuthFault; remaining: number }[] = []
  readonly #rejected = new Map<string, number>()
  #silences: Silence[] = []
  #refusal: { readonly status: '502' | '403'; readonly untilMs: number } | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  addAckRule(fault: Extract<Fault, { kind: 'drop-ack' | 'delay-ack' }>): void {
    this.#ackRules.push({
      connection: fault.connection ?? null,
      uid: fault.uid ?? null,
      delayMs: fault.kind === 'delay-ack' ? fault.delayMs : null,
      remaining: fault.count ?? 1,
    })
  }

  addAuthRule(fault: AuthFault): void {
    this.#authRules.push({ fault, remaining: fault.count ?? 1 })
  }

  /** The fault that hits an authentication, or null. Each fault hits as often as its `count` says. */
  nextAuth(connection: number, uid: string | null): AuthFault | null {
    const rule = this.#authRules.find(
      ({ fault, remaining }) =>
        remaining > 0 &&
        (fault.connection === undefined || fault.connection === connection) &&
        (fault.uid === undefined || fault.uid === uid),
    )
    if (rule === undefined) return null
    rule.remaining--
    return rule.fault
  }

  reject(target: string, forMs: number): void {
    this.#rejected.set(target, nowMs(this.#clock) + forMs)
  }

  refuse(status: '502' | '403', forMs: number): void {
    this.#refusal = { status, untilMs: nowMs(this.#clock) + forMs }
  }

  /** Silences a topic: everywhere, or on the connections `hit`. */
  silence(fault: Extract<Fault, { kind: 'silence' }>, hit: readonly number[]): void {
    const isAimed = fault.connection !== undefined || fault.uid !== undefined
    const isEverywhere = !isAimed && fault.until === undefined
    this.#silences.push({
      topic: fault.topic,
      category: fault.category ?? null,
      untilMs: fault.forMs === undefined ? Infinity : nowMs(this.#clock) + fault.forMs,
      connections: isEverywhere ? null : new Set(hit),
      endsWithSubscribe: fault.until === 'resubscribed',
    })
  }

  /** Ends the silences that last until a new subscription. */
  onSubscribed(connection: number, topic: string): void {
    for (const silence of this.#silences) {
      if (silence.endsWithSubscribe && silence.topic === topic) {
        silence.connections?.delete(connection)
      }
    }
  }

  /** Whether a topic is silenced on a connection. */
  isSilent(category: SocketFamily, connection: number, topic: string): boolean {
    if (this.#silences.length === 0) return false
    const now = nowMs(this.#clock)
    this.#silences = this.#silences.filter((s) => now < s.untilMs && s.connections?.size !== 0)
    return this.#silences.some(
      (s) =>
        s.topic === topic &&
        (s.category === null || s.category === category) &&
        (s.connections === null || s.connections.has(connection)),
    )
  }

  /** The delay of an acknowledgement in milliseconds: 0 for none, null when it is not sent at all. */
  nextAckDelay(connection: number, uid: string | null): number | null {
    const rule = this.#ackRules.find(
      (r) =>
        r.remaining > 0 &&
        (r.connection === null || r.connection === connection) &&
        (r.uid === null || r.uid === uid),
    )
    if (rule === undefined) return 0
    rule.remaining--
    return rule.delayMs
  }

  /** Whether a topic is to be refused as unknown. */
  rejects(topic: string): boolean {
    const now = nowMs(this.#clock)
    return [topic, ...possibleSymbols(topic)].some(
      (target) => now < (this.#rejected.get(target) ?? 0),
    )
  }

  /** The HTTP status that refuses new connections now; null when they are accepted. */
  refusal(): '502' | '403' | null {
    if (this.#refusal === null || nowMs(this.#clock) >= this.#refusal.untilMs) return null
    return this.#refusal.status
  }
}
