import type { PrivateStreamStatus, StreamStatus } from '@grid/bybit-adapter'
import { type Category, type Clock, nowMs } from '@grid/core-events'
import { isWorthALine, type Logger, levelOf } from './log.ts'

/** Most lines of one kind a minute: a reconnect of many topics, or a faulty server, gives more. */
const LINES_A_MINUTE = 20
const MINUTE_MS = 60_000

/** Logs the statuses of streams, at most 20 of one kind a minute. */
export class StreamLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #minutes = new Map<string, { since: number; lines: number }>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Logs a status, with the category or account of its stream. */
  tell(
    status: StreamStatus | PrivateStreamStatus,
    whose: { readonly category: Category } | { readonly account: string },
  ): void {
    // One line tells of all gaps that a reconnect leaves: see `GapLog`.
    if (status.type === 'gap') return
    const now = nowMs(this.#clock)
    const minute = this.#minutes.get(status.type)
    if (minute === undefined || now - minute.since >= MINUTE_MS) {
      const unsaid = Math.max(0, (minute?.lines ?? 0) - LINES_A_MINUTE)
      if (unsaid > 0) {
        this.#log.warn(
          { code: 'LOG_THINNED', kind: status.type, unsaid },
          'left out lines of this kind',
        )
      }
      this.#minutes.set(status.type, { since: now, lines: 1 })
    } else {
      minute.lines += 1
      if (minute.lines > LINES_A_MINUTE) return
    }
    logStreamStatus(this.#log.child(whose), status)
  }
}

type LoggedStatus = Exclude<StreamStatus | PrivateStreamStatus, { readonly type: 'gap' }>

function logStreamStatus(log: Logger, status: LoggedStatus): void {
  switch (status.type) {
    case 'connect_failed':
      if (isWorthALine(status.attempt)) {
        const { attempt, error, httpStatus } = status
        log[levelOf(attempt)](
          { code: 'CONNECT_FAILED', attempt, httpStatus, reason: error },
          'cannot connect to the exchange, trying again',
        )
      }
      return
    case 'open':
      log.info({ connection: status.connection }, 'connected')
      return
    case 'closed':
      log.warn(
        { code: 'CONNECTION_CLOSED', closeCode: status.code, reason: status.reason },
        'connection lost',
      )
      return
    case 'live':
      log.info({ topic: status.topic }, 'live')
      return
    case 'authenticated':
      log.info({ connection: status.connection, clockOffsetMs: status.clockOffsetMs }, 'logged in')
      return
    case 'key_refused':
      if (isWorthALine(status.attempt)) {
        const { code, reason, attempt, retryInMs } = status
        log.error({ code, reason, attempt, retryInMs }, 'the exchange refuses the key')
      }
      return
    case 'refused':
      log.warn(
        { code: 'TOPIC_REFUSED', topic: status.topic, reason: status.reason },
        'topic refused',
      )
      return
    case 'stale':
      log.warn(
        { code: 'CONNECTION_STALE', silentForMs: status.silentForMs },
        'connection is silent, closing it',
      )
      return
    case 'recycling':
      log.warn({ code: 'CONNECTION_RECYCLED', reason: status.reason }, 'giving up the connection')
      return
    case 'budget_wait':
      log.warn(
        { code: 'CONNECTION_BUDGET', waitMs: status.waitMs },
        'too many connections were opened lately, waiting',
      )
      return
    case 'unexpected_control':
      log.warn(
        { code: 'UNEXPECTED_CONTROL', text: status.text },
        'the exchange sent an unknown control message',
      )
      return
    case 'listener_fault':
      log.error(
        { code: 'LISTENER_FAULT', event: status.event, err: status.error },
        'a listener threw',
      )
      return
    case 'silent_topic':
      log.warn(
        {
          code: 'TOPIC_SILENT',
          topic: status.topic,
          silentForMs: status.silentForMs,
          step: status.step,
        },
        'a topic is silent while the others of its symbol are not',
      )
      return
    case 'rotation_failed':
      log.warn(
        { code: 'ROTATION_FAILED', connection: status.connection, reason: status.reason },
        'a connection could not be replaced and is kept',
      )
      return
    case 'connecting':
    case 'rotated':
    case 'unproven':
    case 'unsubscribed':
    case 'subscribed':
    case 'resubscribing':
    case 'closing':
    case 'stopped':
      log.debug(status, 'stream')
  }
}
