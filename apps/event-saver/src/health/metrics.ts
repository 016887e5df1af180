import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { MACHINE_ALARMS } from './machine-watch.ts'
import type { SaverStatus } from './status.ts'

const TERMS = {
  received: 'received',
  persisted: 'persisted',
  merged: 'merged',
  duplicate: 'duplicate',
  conflict: 'conflict',
  filtered: 'filtered',
  discarded: 'discarded',
  dropped: 'dropped',
  dead_lettered: 'deadLettered',
} as const

const REPAIR_COUNTS = [
  ['pages', 'Pages of newest events that the repair read', 'pages'],
  ['pages_refused', 'Times that such pages left something out and filled nothing', 'refused'],
  ['failures', 'Repairs that failed and are tried again', 'failures'],
  ['events', 'Missed events that the repair stored', 'events'],
] as const

const REPAIR_OUTCOMES = [
  ['filled', 'filled'],
  ['partial', 'partial'],
  ['out_of_reach', 'outOfReach'],
] as const

/**
 * Renders a saver's status as Prometheus metrics. All series are set from one status, so that they agree.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #terms: readonly (readonly [Counter, (typeof TERMS)[keyof typeof TERMS]])[]
  readonly #reasons: Counter
  readonly #unknownKeys = this.#counter(
    'grid_unknown_keys_total',
    'Unknown keys of messages, kept in extra',
    ['channel', 'key'],
  )
  readonly #waiting = this.#gauge('grid_events_waiting', 'Items that wait to be stored', [
    'channel',
  ])
  readonly #imbalance = this.#gauge(
    'grid_conservation_imbalance',
    'Received items less all that are accounted for; anything but 0 is a defect',
    ['channel'],
  )
  readonly #age = this.#gauge(
    'grid_stream_last_event_age_seconds',
    'Age of the newest data of a topic',
    ['category', 'topic'],
  )
  readonly #lag = this.#gauge('grid_writer_lag_seconds', 'Age of the oldest waiting event', [
    'channel',
  ])
  readonly #journal = this.#gauge('grid_journal_bytes', 'Bytes of frames with items that wait', [])
  readonly #journalTotal = this.#gauge(
    'grid_journal_total_bytes',
    'Bytes of all files of the journal, those that are kept for a while and the archive too',
    [],
  )
  readonly #journalWaiting = this.#gauge(
    'grid_journal_waiting',
    'Items that wait in the journal alone',
    [],
  )
  readonly #journalBehind = this.#gauge(
    'grid_journal_behind',
    'Whether the events of a channel are read from the journal, because memory does not hold them',
    ['channel'],
  )
  readonly #journalStalled = this.#gauge(
    'grid_journal_stalled',
    'Whether the disk takes nothing of the journal',
    [],
  )
  readonly #journalUnwritten = this.#counter(
    'grid_journal_unwritten_total',
    'Records that the disk did not take; all of them for a journal in memory',
    [],
  )
  readonly #journalCorrupt = this.#counter(
    'grid_journal_corrupt_blocks_total',
    'Damaged places of the journal that were found',
    [],
  )
  readonly #gapsOpen = this.#gauge('grid_gaps_open', 'Gaps that are open, of every collector', [])
  readonly #gapsPartial = this.#gauge(
    'grid_gaps_partial',
    'Gaps that were filled in part, of every collector',
    [],
  )
  readonly #repairStreams = this.#gauge(
    'grid_repair_streams',
    'Streams of market data with a repair under way or waiting',
    [],
  )
  readonly #repairGaps = this.#counter(
    'grid_repair_gaps_total',
    'Gaps of market data by what the repair made of them',
    ['outcome'],
  )
  readonly #repairs = REPAIR_COUNTS.map(
    ([name, help, count]) => [this.#counter(`grid_repair_${name}_total`, help, []), count] as const,
  )
  readonly #accounts = this.#gauge('grid_accounts', 'Enabled accounts, by state', ['state'])
  readonly #accountLive = this.#gauge(
    'grid_account_live',
    'Whether every channel of an account is live or refused',
    ['account_id', 'code'],
  )
  readonly #evidenceLost = this.#counter(
    'grid_evidence_lost_total',
    'Dead letters and gaps that could not be stored and stand in the log alone',
    ['kind'],
  )
  readonly #logLinesLost = this.#counter(
    'grid_log_lines_lost_total',
    'Lines of the log that could not be written: the disk is full, or the reader is gone or slow',
    [],
  )
  readonly #listed = this.#gauge(
    'grid_instruments_listed',
    'Instruments in the newest whole list of a category',
    ['category'],
  )
  readonly #listAge = this.#gauge(
    'grid_instruments_recorded_age_seconds',
    'Age of the newest list of instruments that is recorded',
    ['category'],
  )
  readonly #instrumentChanges = this.#counter(
    'grid_instrument_changes_total',
    'New, changed and ended instruments that were recorded',
    ['category'],
  )
  readonly #ready = this.#gauge('grid_ready', 'Whether all readiness checks hold', [])
  readonly #loopStalls = this.#counter(
    'grid_loop_stalls_total',
    'Times that the process stood still for more than 5 s',
    [],
  )
  readonly #loopStalled = this.#counter(
    'grid_loop_stalled_seconds_total',
    'Seconds of these times',
    [],
  )
  readonly #clockOffset = this.#gauge(
    'grid_exchange_clock_offset_seconds',
    "How far the exchange's clock is ahead of this machine's; 0 before it is known",
    [],
  )
  readonly #clockJumps = this.#counter(
    'grid_clock_jumps_total',
    "Times that this machine's clock was set by more than 1 s",
    [],
  )
  readonly #memoryLimit = this.#gauge(
    'grid_memory_limit_bytes',
    'Most memory that the process may have; 0 where it is not known',
    [],
  )
  readonly #diskFree = this.#gauge(
    'grid_disk_free_bytes',
    'Free on the disk of the data directory; 0 where it is not known',
    [],
  )
  readonly #alarm = this.#gauge('grid_machine_alarm', 'Whether a watchdog gives an alarm', [
    'alarm',
  ])
  readonly #check = this.#gauge('grid_ready_check', 'Whether a readiness check holds', ['check'])
  readonly #unrecoverable = this.#counter(
    'grid_unrecoverable_seconds_total',
    'Seconds of streams that no source can fill',
    [],
  )
  readonly #removed = (['days', 'rows', 'bytes'] as const).map(
    (what) =>
      [
        this.#counter(`grid_retention_removed_${what}_total`, `Removed by retention: ${what}`, [
          'table',
        ]),
        what,
      ] as const,
  )
  readonly #postponed = this.#gauge(
    'grid_retention_postponed_days',
    'Days past their retention that an open transaction keeps from being removed',
    ['table'],
  )

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    this.#terms = Object.entries(TERMS).map(([name, term]) => [
      this.#counter(`grid_events_${name}_total`, `Items ${name.replace('_', '-')}`, ['channel']),
      term,
    ])
    this.#reasons = this.#counter(
      'grid_events_lost_by_reason_total',
      'Items filtered, discarded or dropped, by reason',
      ['channel', 'fate', 'reason'],
    )
  }

  /** The content type of the rendered text. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** Renders all series for one status. */
  render(status: SaverStatus): Promise<string> {
    this.#reasons.reset()
    for (const entry of status.channels) {
      const { channel } = entry
      for (const [counter, term] of this.#terms) setTo(counter, { channel }, entry[term])
      this.#waiting.set({ channel }, entry.waiting)
      this.#imbalance.set({ channel }, entry.imbalance)
      for (const [fate, reasons] of [
        ['filtered', entry.filteredBy],
        ['discarded', entry.discardedBy],
        ['dropped', entry.droppedBy],
      ] as const) {
        for (const [reason, items] of Object.entries(reasons)) {
          this.#reasons.inc({ channel, fate, reason }, items)
        }
      }
    }
    for (const [channel, seconds] of Object.entries(status.lagSeconds)) {
      this.#lag.set({ channel }, seconds)
    }
    for (const { channel, key, seen } of status.unknownKeys) {
      setTo(this.#unknownKeys, { channel, key }, seen)
    }
    this.#age.reset()
    for (const { category, topic, lastEventAgeSeconds } of status.topics) {
      if (lastEventAgeSeconds !== null) this.#age.set({ category, topic }, lastEventAgeSeconds)
    }
    for (const total of status.retention) {
      const { table } = total
      for (const [counter, what] of this.#removed) setTo(counter, { table }, total[what])
      this.#postponed.set({ table }, total.postponed)
    }
    this.#journal.set(status.journalBytes)
    const { behind, corruptBlocks, state, totalBytes, unwritten, waiting } = status.journal
    this.#journalTotal.set(totalBytes)
    this.#journalWaiting.set(waiting)
    for (const { channel } of status.channels) {
      this.#journalBehind.set({ channel }, behind.includes(channel) ? 1 : 0)
    }
    this.#journalStalled.set(state === 'stalled' ? 1 : 0)
    setTo(this.#journalUnwritten, {}, unwritten)
    setTo(this.#journalCorrupt, {}, corruptBlocks)
    const { deadLetters, gaps } = status.evidenceLost
    setTo(this.#evidenceLost, { kind: 'dead_letter' }, deadLetters)
    setTo(this.#evidenceLost, { kind: 'gap' }, gaps)
    this.#gapsOpen.set(status.gaps.open)
    this.#gapsPartial.set(status.gaps.partial)
    this.#repairStreams.set(status.repair.streams)
    for (const [counter, count] of this.#repairs) setTo(counter, {}, status.repair[count])
    for (const [outcome, count] of REPAIR_OUTCOMES) {
      setTo(this.#repairGaps, { outcome }, status.repair[count])
    }
    for (const state of ['connecting', 'live', 'refused', 'unusable'] as const) {
      const accounts = status.accounts.filter((account) => account.state === state)
      this.#accounts.set({ state }, accounts.length)
    }
    this.#accountLive.reset()
    for (const { accountId, state, code } of status.accounts) {
      const labels = { account_id: accountId, code: code ?? '' }
      this.#accountLive.set(labels, state === 'live' ? 1 : 0)
    }
    setTo(this.#logLinesLost, {}, status.logLinesLost)
    for (const { category, listed, recordedAt, changes, ended } of status.instruments) {
      if (listed !== null) this.#listed.set({ category }, listed)
      if (recordedAt !== null) {
        this.#listAge.set({ category }, Math.max(0, (status.now - recordedAt) / 1000))
      }
      setTo(this.#instrumentChanges, { category }, changes + ended)
    }
    this.#ready.set(status.ready ? 1 : 0)
    for (const { code, ok } of status.checks) this.#check.set({ check: code }, ok ? 1 : 0)
    this.#clockOffset.set((status.exchangeClock.offsetMs ?? 0) / 1000)
    const { alarms, clockJumps, diskFreeBytes, memoryLimitBytes } = status.machine
    setTo(this.#clockJumps, {}, clockJumps)
    this.#memoryLimit.set(memoryLimitBytes ?? 0)
    this.#diskFree.set(diskFreeBytes ?? 0)
    for (const alarm of MACHINE_ALARMS) this.#alarm.set({ alarm }, alarms.includes(alarm) ? 1 : 0)
    setTo(this.#loopStalls, {}, status.loopStalls.count)
    setTo(this.#loopStalled, {}, status.loopStalls.totalMs / 1000)
    setTo(this.#unrecoverable, {}, status.gaps.unrecoverableSeconds)
    return this.#registry.metrics()
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] })
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }
}

/** Sets a counter: the ledger counts, the series only shows it. */
function setTo<Label extends string>(
  counter: Counter<Label>,
  labels: Partial<Record<Label, string>>,
  value: number,
): void {
  counter.remove(labels)
  counter.inc(labels, value)
}
