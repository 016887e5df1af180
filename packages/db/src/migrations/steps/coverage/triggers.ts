/** SQL of the time as it is, and not as the transaction began: that time, and how long it has lasted. */
const PRESENT = '(now() + (clock_timestamp() - transaction_timestamp()))'

/**
 * SQL condition that a time is in a day that is marked: before today, by the clock as it is when the row is changed.
 * So whoever changes a day without a mark had begun before that day's end.
 */
function isOld(time: string): string {
  return `${time} < date_trunc('day', ${PRESENT}, 'UTC')`
}

/** SQL condition that of a row nothing but its end changed. */
const ONLY_END = `to_jsonb(old) - 'to_ts' = to_jsonb(new) - 'to_ts'`

/** What a change of the ledger marks: the days that it may change, up to yesterday. Today is not kept. */
const MARK = `create function mark_coverage_days(first timestamptz, last timestamptz) returns void
  language sql
as $$
  insert into coverage_dirty (day)
  select day::date
  from generate_series(date_trunc('day', first at time zone 'UTC'),
    least(last, ${PRESENT} - interval '1 day') at time zone 'UTC', interval '1 day') day
$$`

/** Of thousands of rows each day is marked once. */
const MARK_CHANGED = `create function mark_changed_coverage() returns trigger language plpgsql as $$
begin
  perform mark_coverage_days(lower(span), upper(span)) from unnest((
    select range_agg(tstzrange(from_ts, to_ts, '[]')) from changed
    where ${isOld('from_ts')}
  )) span;
  return null;
end $$`

/** An end that moves changes the time that it moved over, and not the years before. */
const MARK_UPDATED = `create function mark_updated_coverage() returns trigger language plpgsql as $$
declare
  before timestamptz := coalesce(old.to_ts, 'infinity');
  after timestamptz := coalesce(new.to_ts, 'infinity');
begin
  if ${ONLY_END} then
    perform mark_coverage_days(least(before, after), greatest(before, after));
  else
    perform mark_coverage_days(old.from_ts, before);
    perform mark_coverage_days(new.from_ts, after);
  end if;
  return null;
end $$`

/** How far a line was heard changes when it ends, and when a beat says so. */
const MARK_LINE = `create function mark_heard_line() returns trigger language plpgsql as $$
declare
  spoken timestamptz := (
    select beat_at - interval '10 ms' * behind_cs[old.slot + 1] from collector_beats
    where collector_id = old.collector_id);
  before timestamptz := coalesce(old.alive_until, spoken, old.quiet_since, old.opened_at);
  after timestamptz := coalesce(new.alive_until, spoken, new.quiet_since, now());
begin
  perform mark_coverage_days(least(before, after), greatest(before, after));
  return null;
end $$`

/** A beat says of no line that it was heard longer ago than 327.67 s before. */
const MARK_BEAT = `create function mark_beat() returns trigger language plpgsql as $$
begin
  perform mark_coverage_days(
    least(old.beat_at, new.beat_at) - interval '328 s', greatest(old.beat_at, new.beat_at));
  return null;
end $$`

const MARK_FIRST_BEAT = `create function mark_first_beat() returns trigger language plpgsql as $$
begin
  perform mark_coverage_days(min(opened_at), new.beat_at) from coverage_lines
  where collector_id = new.collector_id;
  return null;
end $$`

/** Where nothing was stored before, any line of the journal may be covered from now on. */
const MARK_STORED = `create function mark_stored_position() returns trigger language plpgsql as $$
declare
  before timestamptz := (case when tg_op = 'UPDATE' then old.stored_until end);
begin
  before := coalesce(before, (
    select min(opened_at) from coverage_lines
    join collectors on collectors.id = collector_id
    where (name, journal_id) = (new.collector, new.journal_id)));
  perform mark_coverage_days(least(before, new.stored_until), greatest(before, new.stored_until));
  return null;
end $$`

/** What a journal had stored stays known when another one takes its row. */
const LEAVE_POSITION = `create function leave_position() returns trigger language plpgsql as $$
begin
  insert into left_positions as stored (collector_id, channel, stored_until)
  select id, old.channel, old.stored_until from collectors
  where (name, journal_id) = (old.collector, old.journal_id) and old.stored_until is not null
  on conflict (collector_id, channel) do update
    set stored_until = greatest(stored.stored_until, excluded.stored_until);
  -- A writer that does not know the column leaves in it what the former journal had stored.
  if new.stored_until = old.stored_until then new.stored_until := null; end if;
  return new;
end $$`

function markChanges(table: string): readonly string[] {
  const whole = [
    ['inserted', 'insert', 'new'],
    ['deleted', 'delete', 'old'],
  ] as const
  return [
    ...whole.map(
      ([name, event, rows]) => `create trigger ${table}_${name} after ${event} on ${table}
        referencing ${rows} table as changed
        for each statement execute function mark_changed_coverage()`,
    ),
    `create trigger ${table}_updated after update on ${table}
      for each row when (${isOld('least(old.to_ts, new.to_ts)')} or not (${ONLY_END}))
      execute function mark_updated_coverage()`,
  ]
}

/** SQL of the triggers, so that no way of changing the ledger forgets the kept days. */
export const COVERAGE_TRIGGERS: readonly string[] = [
  MARK,
  MARK_CHANGED,
  MARK_UPDATED,
  MARK_LINE,
  MARK_BEAT,
  MARK_FIRST_BEAT,
  MARK_STORED,
  LEAVE_POSITION,
  ...['coverage_spans', 'coverage_losses', 'wanted_spans'].flatMap(markChanges),
  `create trigger coverage_lines_heard after update of alive_until, quiet_since on coverage_lines
    for each row execute function mark_heard_line()`,
  `create trigger collector_beats_first after insert on collector_beats
    for each row execute function mark_first_beat()`,
  // The condition is what an ordinary second costs.
  `create trigger collector_beats_moved after update on collector_beats
    for each row when (${isOld("least(old.beat_at, new.beat_at) - interval '328 s'")})
    execute function mark_beat()`,
  `create trigger journal_positions_begun after insert on journal_positions
    for each row when (new.stored_until is not null) execute function mark_stored_position()`,
  `create trigger journal_positions_stored after update on journal_positions
    for each row when (new.stored_until is distinct from old.stored_until
      and (old.stored_until is null or ${isOld('least(old.stored_until, new.stored_until)')}))
    execute function mark_stored_position()`,
  `create trigger journal_positions_left before update on journal_positions
    for each row when (old.journal_id <> new.journal_id) execute function leave_position()`,
]
