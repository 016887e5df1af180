/** SQL of the time at which a line was heard last; null when nobody has said so yet. */
const HEARD = `coalesce(line.alive_until,
      beat.beat_at - interval '10 ms' * beat.behind_cs[line.slot + 1], line.quiet_since)`

/** SQL of up to when each channel of each journal is stored. */
const STORED = `select collectors.id as collector_id, channel, stored_until
    from journal_positions position
    join collectors on (name, collectors.journal_id) = (collector, position.journal_id)
    where stored_until is not null
    union all
    select collector_id, channel, stored_until from left_positions`

/**
 * SQL condition that a loss cuts a claim: those of its line, the live ones of its collector, or else all that
 * were made before it.
 */
const CUTS = `case
        when loss.line_id is not null then loss.line_id = claim.line_id
        when loss.collector_id is not null then loss.collector_id = claim.collector_id
        else loss.id > claim.id end`

/**
 * The states of one stream within an interval: what of the wanted time is covered, pending or a gap.
 *
 * What was heard is pending while its collector is about to store it: idle channels move each second. It is a gap
 * once nothing of that journal has moved for ten minutes by the database's clock.
 */
const STREAM_COVERAGE = `create function stream_coverage(stream integer, starts timestamptz, ends timestamptz)
  returns table (state text, from_ts timestamptz, to_ts timestamptz, evidence coverage_evidence)
  language sql stable set jit = off
as $$
  with stored as materialized (
    select collector_id, max(stored_until) as until from (${STORED}) position
    where channel = (select channel from streams where id = stream)
    group by collector_id
  ), storing as materialized (
    select collectors.id as collector_id
    from collectors
    join journal_positions position
      on (position.collector, position.journal_id) = (name, collectors.journal_id)
    where moved_at > now() - interval '10 minutes'
    group by collectors.id
  ), loss as materialized (
    select id, line_id, collector_id, tstzrange(from_ts, to_ts) as r
    from coverage_losses
    where (stream_id = stream
        or stream_id is null
          and (channel is null or channel = (select channel from streams where id = stream)))
      and from_ts < ends and coalesce(to_ts, 'infinity') > starts
  ), reach as (
    select span.id, span.evidence, span.line_id, line.collector_id, span.from_ts,
      case when span.line_id is null then span.to_ts
        else least(span.to_ts, coalesce(${HEARD}, '-infinity')) end as heard_until,
      case when span.line_id is null then 'infinity'
        else coalesce(stored.until, '-infinity') end as stored_until,
      storing.collector_id is not null as is_storing
    from coverage_spans span
    left join coverage_lines line on line.id = span.line_id
    left join collector_beats beat on beat.collector_id = line.collector_id
    left join stored on stored.collector_id = line.collector_id
    left join storing on storing.collector_id = line.collector_id
    where span.stream_id = stream and span.from_ts < ends
  ), claim as (
    select id, evidence, line_id, collector_id,
      tstzrange(from_ts, greatest(from_ts, least(heard_until, stored_until))) as held,
      tstzrange(from_ts, greatest(from_ts,
        case when is_storing then heard_until else least(heard_until, stored_until) end)) as heard
    from reach where heard_until > starts
  ), cut as (
    select claim.evidence, claim.held, claim.heard, (
      select range_agg(loss.r) from loss
      where loss.r && claim.heard and ${CUTS}) as lost
    from claim
  ), kind as (
    select evidence,
      range_agg(tstzmultirange(held) - coalesce(lost, '{}')) as held,
      range_agg(tstzmultirange(heard) - coalesce(lost, '{}')) as heard
    from cut group by evidence
  ), strongest as (
    select evidence, held - coalesce(
      (select range_agg(other.held) from kind other where other.evidence > kind.evidence),
      '{}') as held
    from kind
  ), total as (
    select coalesce(range_agg(held), '{}') as held, coalesce(range_agg(heard), '{}') as heard
    from kind
  ), wanted as (
    select coalesce(range_agg(tstzrange(w.from_ts, w.to_ts)), '{}') * tstzmultirange(tstzrange(
      starts, greatest(starts, least(ends, date_trunc('milliseconds', now()))))) as m
    from wanted_spans w where w.stream_id = stream
  ), answer as (
    select 'covered' as state, strongest.evidence, unnest(held * m) as r from strongest, wanted
    union all
    select 'pending', null, unnest((heard - held) * m) from total, wanted
    union all
    select 'gap', null, unnest(m - heard - held) from total, wanted
  )
  select answer.state, lower(r), upper(r), answer.evidence from answer order by lower(r)
$$`

/** One day of all streams that were wanted on it. Only what is covered counts, and not what is pending. */
const COMPUTE_DAY = `create function compute_coverage_day(day date) returns setof coverage_days
  language sql stable set jit = off
as $$
  with bounds as materialized (
    select day::timestamp at time zone 'UTC' as starts,
      greatest(day::timestamp at time zone 'UTC', least((day + 1)::timestamp at time zone 'UTC',
        date_trunc('milliseconds', now()))) as ends
  ), stored as materialized (
    select collector_id, channel, max(stored_until) as until from (${STORED}) position
    group by collector_id, channel
  ), heard as materialized (
    select line.id, line.collector_id, ${HEARD} as until
    from coverage_lines line left join collector_beats beat using (collector_id), bounds
    where line.opened_at < ends and coalesce(line.alive_until, 'infinity') > starts
  ), claim as materialized (
    select span.id, span.stream_id, span.evidence, heard.collector_id, span.line_id,
      stream.channel,
      tstzrange(span.from_ts, greatest(span.from_ts,
        least(span.to_ts, heard.until, coalesce(stored.until, '-infinity')))) as r
    from heard
    join coverage_spans span on span.line_id = heard.id
    join streams stream on stream.id = span.stream_id
    -- An inner join would be taken for one that leaves few rows, and all that follows be planned for few.
    left join stored
      on (stored.collector_id, stored.channel) = (heard.collector_id, stream.channel)
    where heard.until is not null
    union all
    select span.id, span.stream_id, span.evidence, null, null, stream.channel,
      tstzrange(span.from_ts, span.to_ts)
    from bounds, coverage_spans span join streams stream on stream.id = span.stream_id
    where span.line_id is null and span.from_ts < ends and span.to_ts > starts
  ), loss as materialized (
    select id, stream_id, channel, collector_id, line_id, tstzrange(from_ts, to_ts) as r
    from coverage_losses, bounds
    where from_ts < ends and coalesce(to_ts, 'infinity') > starts
  ), hit as (
    -- By equality where there is one: a comparison of each claim with each loss takes long.
    select loss.id as loss_id, claim.* from loss join claim on loss.stream_id = claim.stream_id
    union all
    select loss.id, claim.* from loss join claim on loss.line_id = claim.line_id
    where loss.stream_id is null
    union all
    select loss.id, claim.* from loss cross join claim
    where loss.stream_id is null and loss.line_id is null
  ), hurt as (
    select claim.id, claim.stream_id, range_agg(loss.r) as lost
    from hit claim join loss on loss.id = claim.loss_id
    where loss.r && claim.r and (loss.channel is null or loss.channel = claim.channel)
      and ${CUTS}
    group by claim.id, claim.stream_id
  ), held as (
    select claim.stream_id,
      coalesce(range_agg(claim.r) filter (where hurt.lost is null), '{}')
        + coalesce(range_agg(tstzmultirange(claim.r) - hurt.lost)
          filter (where hurt.lost is not null), '{}') as m,
      array_agg(distinct claim.evidence) as evidence
    from claim left join hurt using (id, stream_id), bounds
    where claim.r && tstzrange(starts, ends)
    group by claim.stream_id
  ), wanted as (
    select w.stream_id,
      range_agg(tstzrange(w.from_ts, w.to_ts)) * tstzmultirange(tstzrange(starts, ends)) as m
    from wanted_spans w, bounds
    where w.from_ts < ends and coalesce(w.to_ts, 'infinity') > starts
    group by w.stream_id, starts, ends
  ), hole as (
    select stream_id, date_part('epoch', upper(r) - lower(r)) * 1000 as ms
    from (
      select wanted.stream_id, unnest(wanted.m - coalesce(held.m, '{}')) as r
      from wanted left join held using (stream_id)
    ) lacking
  ), lack as (
    select stream_id, sum(ms) as ms, count(*) as holes, max(ms) as largest
    from hole group by stream_id
  )
  select compute_coverage_day.day, wanted.stream_id, total.ms::integer,
    greatest(0, total.ms::integer - coalesce(lack.ms, 0)::integer), coalesce(lack.holes, 0)::integer,
    coalesce(lack.largest, 0)::integer, coalesce(held.evidence, '{}')
  from wanted
  cross join lateral (
    select coalesce(sum(date_part('epoch', upper(r) - lower(r)) * 1000), 0) as ms
    from unnest(wanted.m) r
  ) total
  left join lack using (stream_id)
  left join held using (stream_id)
  where total.ms > 0
$$`

/**
 * The days from the first to the last, each by stream: as they were kept, or computed where they are not. It has no
 * settings, so that PostgreSQL puts it into the statement that calls it.
 */
const QUALITY = `create function coverage_quality(first date, last date) returns setof coverage_days
  language sql stable
as $$
  with asked as materialized (
    select generated::date as day
    from generate_series(first::timestamp, last::timestamp, interval '1 day') generated
  ), fresh as materialized (
    select day from asked
    where exists (select from coverage_days kept where kept.day = asked.day)
      and not exists (select from coverage_dirty mark where mark.day = asked.day)
  )
  select kept.* from fresh join coverage_days kept using (day)
  union all
  select computed.* from asked cross join lateral compute_coverage_day(asked.day) computed
  where asked.day not in (select day from fresh)
$$`

/** SQL that makes the functions of the ledger. */
export const COVERAGE_FUNCTIONS: readonly string[] = [STREAM_COVERAGE, COMPUTE_DAY, QUALITY]
