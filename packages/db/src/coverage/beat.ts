import { isoOf } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'

/** A line that is open, and when it was heard last. */
export interface HeardLine {
  readonly lineId: number
  readonly slot: number
  /** Exchange time in epoch milliseconds, exclusive: everything before it was heard. */
  readonly until: number
}

/** The largest `smallint`: 327.67 s. */
const MOST_CS = 32_767

/** A beat that comes late, as from a part of the journal that is read again, changes nothing. */
export const BEAT: string = sqlText`
  insert into collector_beats as stored (collector_id, beat_at, behind_cs)
  values ($1::integer, $2::timestamptz, $3::smallint[])
  on conflict (collector_id) do update
    set beat_at = excluded.beat_at, behind_cs = excluded.behind_cs
    where stored.beat_at <= excluded.beat_at`

/** The lines that were quiet for longer than a beat can say, and those of which a beat says it again. */
export const QUIET: string = sqlText`
  update coverage_lines line
  set quiet_since = said.until
  from unnest($1::integer[], $2::timestamptz[]) as said (id, until)
  where line.id = said.id and line.alive_until is null and line.quiet_since is distinct from said.until`

/** The array of a beat, as text of PostgreSQL: how long before it each line was heard, never less than it was. */
export function behindText(at: number, lines: readonly HeardLine[]): string {
  const behind: (number | null)[] = []
  for (const { slot, until } of lines) {
    while (behind.length <= slot) behind.push(null)
    const cs = Math.ceil(Math.max(0, at - until) / 10)
    behind[slot] = cs > MOST_CS ? null : cs
  }
  return `{${behind.map((cs) => cs ?? 'null').join()}}`
}

/** Whether a beat cannot say when a line was heard. */
export function isQuiet(at: number, { until }: HeardLine): boolean {
  return at - until > MOST_CS * 10
}

/** An array of instants or of nothing, as text of PostgreSQL. */
export function instantsText(times: readonly (number | null)[]): string {
  return `{${times.map((ms) => (ms === null ? 'null' : isoOf('until', ms))).join()}}`
}
