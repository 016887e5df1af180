import type { MarketStream } from '@grid/core-events'
import type { GapInterval, GapState, StoredGap } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** Logs what the repair of market data finds. */
export class RepairLog {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  /** The exchange that is asked may not be the one that is captured. */
  off(): void {
    this.#log.info(
      'gaps of market data are not filled: EVENTSAVER_WS_URL is set without EVENTSAVER_REST_URL, so the exchange’s REST address is not known',
    )
  }

  /** A gap was filled, wholly or partly; `events` are the missed ones that were stored. */
  filled(gap: StoredGap, state: GapState, rest: readonly GapInterval[], events: number): void {
    const isWhole = state === 'filled'
    this.#log.info(
      { ...factsOf(gap), state, events, ...(!isWhole && { rest: rest.map(textOf) }) },
      isWhole
        ? 'gap filled from the exchange’s newest events'
        : 'gap partly filled from the exchange’s newest events: the rest is out of their reach, or refused by the database',
    )
  }

  /** The exchange's newest events reach no part of a gap. */
  outOfReach(gap: StoredGap): void {
    this.#log.warn(
      { code: 'GAP_OUT_OF_REACH', ...factsOf(gap) },
      'gap stays as it is: the exchange’s newest events do not reach it',
    )
  }

  /** Missed events were stored that no recorded gap explains, such as those of one below the threshold. */
  unexplained(stream: MarketStream, events: number): void {
    this.#log.info({ ...stream, events }, 'stored missed events that lie outside of the open gaps')
  }

  /** Pages prove nothing, for the n-th time in a row. */
  refused(stream: MarketStream, fault: string, times: number): void {
    if (!isWorthALine(times)) return
    this.#log.warn(
      { code: 'REPAIR_PAGE_REFUSED', ...stream, fault, times },
      'the exchange’s newest events are incomplete, so they fill no gap: trying again',
    )
  }

  /** A repair failed, for the n-th time in a row. */
  failed(stream: MarketStream, error: unknown, times: number): void {
    if (!isWorthALine(times)) return
    const { code: cause } = error as { readonly code?: unknown }
    this.#log[levelOf(times)](
      { code: 'REPAIR_FAILED', ...stream, cause, times, reason: reasonOf(error) },
      'cannot fill the gaps of a stream, trying again',
    )
  }
}

function factsOf({ category, channel, symbol, startTs, endTs, reason }: StoredGap): object {
  return { category, channel, symbol, gap: textOf({ startTs, endTs }), reason }
}

function textOf({ startTs, endTs }: GapInterval): string {
  return `${new Date(startTs).toISOString()} to ${new Date(endTs).toISOString()}`
}
