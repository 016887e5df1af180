import type { StreamStatus } from '@grid/bybit-adapter'
import { isWorthALine, type Logger } from './log.ts'

/** Tells the log what a stream says of itself; what repeats itself is told ever more rarely. */
export function logStreamStatus(log: Logger, status: StreamStatus): void {
  switch (status.type) {
    case 'connect_failed':
      if (isWorthALine(status.attempt)) {
        const { attempt, error, httpStatus } = status
        log.warn(
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
    case 'refused':
      log.warn(
        { code: 'TOPIC_REFUSED', topic: status.topic, reason: status.reason },
        'topic refused',
      )
      return
    case 'stale':
      log.warn(
        { code: 'CONNECTION_STALE', silentForMs: status.silentForMs },
        'connection silent, cutting it',
      )
      return
    case 'recycling':
      log.warn({ code: 'CONNECTION_RECYCLED', reason: status.reason }, 'giving the connection up')
      return
    case 'budget_wait':
      log.warn(
        { code: 'CONNECTION_BUDGET', waitMs: status.waitMs },
        'too many connections of late, waiting',
      )
      return
    case 'gap': {
      const { channel, symbol, startTs, endTs, reason } = status.gap
      log.warn({ code: 'GAP', channel, symbol, startTs, endTs, reason }, 'events may be missing')
      return
    }
    case 'unexpected_control':
      log.warn(
        { code: 'UNEXPECTED_CONTROL', text: status.text },
        'the exchange said something unknown',
      )
      return
    case 'listener_fault':
      log.error(
        { code: 'LISTENER_FAULT', event: status.event, err: status.error },
        'a listener threw',
      )
      return
    case 'connecting':
    case 'subscribed':
    case 'resubscribing':
    case 'closing':
    case 'stopped':
      log.debug(status, 'stream')
  }
}
