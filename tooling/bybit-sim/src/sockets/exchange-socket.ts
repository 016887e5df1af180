import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Clock, nowMs } from '@grid/core-events'
import { WebSocketServer } from 'ws'
import { Random } from '../base/random.ts'
import type { ExchangeRules } from '../base/rules.ts'
import type { Dialect, SocketFamily } from '../dialects/dialect.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { Connection } from './connection.ts'
import type { Hub } from './hub.ts'
import { refuseUpgrade } from './listener.ts'

const CONN_ID_LETTERS = '0123456789abcdefghijklmnopqrstuv'

/** Answers the messages of clients. */
export interface Requests {
  handle(connection: Connection, text: string): void
}

/** Accepts sockets and passes their messages to whoever answers on their path. */
export class ExchangeSocket {
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #faults: FaultPlan
  readonly #rules: ExchangeRules
  readonly #dialects: ReadonlyMap<Dialect, Requests>
  readonly #random: Random
  /** Sends pongs itself, because a connection that reads nothing must not answer pings either. */
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false })
  #connectsMs: number[] = []

  constructor(options: {
    clock: Clock
    hub: Hub
    faults: FaultPlan
    rules: ExchangeRules
    /** The kinds of sockets, each with who answers on it. */
    dialects: ReadonlyMap<Dialect, Requests>
    seed: number
  }) {
    this.#clock = options.clock
    this.#hub = options.hub
    this.#faults = options.faults
    this.#rules = options.rules
    this.#dialects = options.dialects
    this.#random = new Random(`${options.seed}/connections`)
  }

  /** Accepts or refuses an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const status = this.#faults.refusal() ?? (this.#isFlooded() ? '403' : null)
    if (status !== null) {
      refuseUpgrade(socket, Number(status))
      return
    }
    const [path, query = ''] = (request.url ?? '').split('?', 2)
    const found = [...this.#dialects].find(([candidate]) => candidate.path === path)
    if (found === undefined) {
      refuseUpgrade(socket, 404)
      return
    }
    const [dialect, requests] = found
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const connection = new Connection({
        number: this.#hub.nextNumber,
        connId: this.#connId(dialect.category),
        dialect,
        ws,
        socket,
        address: request.socket.remoteAddress ?? '',
        idleCloseMs: maxActiveMs(dialect, query),
        clock: this.#clock,
        maxBufferedBytes: this.#rules.maxBufferedBytes,
      })
      this.#hub.add(connection)
      ws.on('message', (data) => {
        if (!connection.isOpen) return
        connection.lastActivityMs = nowMs(this.#clock)
        requests.handle(connection, String(data))
      })
      ws.on('ping', (data) => connection.pong(data))
    })
  }

  /** Drops sockets that had no traffic for too long, without a close frame. */
  dropIdle(): void {
    const now = nowMs(this.#clock)
    for (const connection of this.#hub.targets()) {
      const idleMs = connection.idleCloseMs ?? this.#rules.idleCloseMs ?? Infinity
      if (connection.lastActivityMs <= now - idleMs) void connection.drop()
    }
  }

  #isFlooded(): boolean {
    const { maxConnects, connectWindowMs } = this.#rules
    if (maxConnects === null) return false
    const now = nowMs(this.#clock)
    this.#connectsMs = this.#connectsMs.filter((at) => at > now - connectWindowMs)
    this.#connectsMs.push(now)
    return this.#connectsMs.length > maxConnects
  }

  /** Spot's connection ids are UUIDs; those of the other sockets have a form of their own. */
  #connId(category: SocketFamily): string {
    const letters = (count: number, base: number): string =>
      Array.from({ length: count }, () => CONN_ID_LETTERS[this.#random.below(base)]).join('')
    if (category !== 'spot') return `${letters(20, 32)}-${letters(5, 32)}`
    return `${letters(8, 16)}-${letters(4, 16)}-4${letters(3, 16)}-a${letters(3, 16)}-${letters(12, 16)}`
  }
}

/** The idle time after which a private connection asks to be dropped, from 30 s to 600 s; else null. */
function maxActiveMs({ category }: Dialect, query: string): number | null {
  const asked = new URLSearchParams(query).get('max_active_time') ?? ''
  const [, count, unit] = /^(\d+)([sm])$/.exec(asked) ?? []
  if (category !== 'private' || count === undefined) return null
  const seconds = Number(count) * (unit === 'm' ? 60 : 1)
  return seconds >= 30 && seconds <= 600 ? seconds * 1000 : null
}
