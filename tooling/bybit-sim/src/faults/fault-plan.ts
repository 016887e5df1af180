import { type Category, type Clock, nowMs } from '@grid/core-events'
import type { SocketFamily } from '../dialects/dialect.ts'
import type { Fault } from './fault.ts'

/** What is done to the next acknowledgements. */
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
  /** Null for every connection, those to come among them. */
  readonly connections: Set<number> | null
  readonly endsWithSubscribe: boolean
}

type AuthFault = Extract<Fault, { kind: 'auth' }>

/** The faults that lie in wait: for acknowledgements, topics and new connections. */
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

  /** What befalls an authentication, if anything; it is used up by it. */
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

  /** Silences a topic, everywhere or on the connections `hit`. */
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

  /** Ends the silences that a new subscription heals. */
  onSubscribed(connection: number, topic: string): void {
    for (const silence of this.#silences) {
      if (silence.endsWithSubscribe && silence.topic === topic) {
        silence.connections?.delete(connection)
      }
    }
  }

  /** Whether a topic is not to be sent to a connection. */
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

  /** What becomes of an acknowledgement: sent now, late, or never (null). */
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

  /** Whether a topic is being answered as unknown. */
  rejects(topic: string): boolean {
    const now = nowMs(this.#clock)
    const symbol = topic.slice(topic.lastIndexOf('.') + 1)
    return [topic, symbol].some((target) => now < (this.#rejected.get(target) ?? 0))
  }

  /** The HTTP status with which upgrades are refused at the moment. */
  refusal(): '502' | '403' | null {
    if (this.#refusal === null || nowMs(this.#clock) >= this.#refusal.untilMs) return null
    return this.#refusal.status
  }
}
