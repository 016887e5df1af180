/** What may be captured, who captures, and what is wanted. */
const WANTED = [
  // '' where a stream has no such part, so that streams are compared by `=`.
  `create table streams (
    id integer generated always as identity primary key,
    channel text collate "C" not null,
    category text collate "C" not null default '',
    symbol text collate "C" not null default '',
    variant text collate "C" not null default '',
    account_id uuid,
    constraint streams_identity unique nulls not distinct
      (channel, symbol, category, variant, account_id)
  )`,
  `create table collectors (
    id integer generated always as identity primary key,
    name text collate "C" not null,
    journal_id uuid not null,
    registered_at timestamptz not null default now(),
    retired_at timestamptz,
    constraint collectors_identity unique (name, journal_id)
  )`,
  `create table wanted_spans (
    id bigint generated always as identity primary key,
    stream_id integer not null references streams,
    collector text collate "C" not null,
    from_ts timestamptz not null,
    to_ts timestamptz,
    constraint wanted_spans_identity unique (stream_id, collector, from_ts),
    constraint wanted_spans_in_order check (isfinite(from_ts) and from_ts <= to_ts)
  )`,
  // One collector wants a stream once at a time.
  `create unique index wanted_spans_open on wanted_spans (stream_id, collector)
    where to_ts is null`,
]

/** What was heard, and what it covers. */
const COVERED = [
  `create table coverage_lines (
    id integer generated always as identity primary key,
    collector_id integer not null references collectors,
    journal_position bigint not null,
    account_id uuid,
    slot smallint not null,
    opened_at timestamptz not null,
    alive_until timestamptz,
    quiet_since timestamptz,
    cause text collate "C",
    constraint coverage_lines_identity unique (collector_id, journal_position),
    constraint coverage_lines_slot check (slot >= 0),
    constraint coverage_lines_finite check (isfinite(opened_at))
  )`,
  `create unique index coverage_lines_open on coverage_lines (collector_id, slot)
    where alive_until is null`,
  // Updated each second: the room that pages keep lets it be updated in place.
  `create table collector_beats (
    collector_id integer primary key references collectors,
    beat_at timestamptz not null,
    behind_cs smallint[] not null
  ) with (fillfactor = 20)`,
  `create type coverage_evidence as enum
    ('imported', 'live', 'rest', 'sequence', 'continuity', 'candle', 'archive')`,
  'create sequence coverage_ids',
  `create table coverage_spans (
    id bigint not null default nextval('coverage_ids'),
    from_ts timestamptz not null,
    to_ts timestamptz,
    stream_id integer not null,
    line_id integer,
    evidence coverage_evidence not null,
    primary key (stream_id, from_ts, id),
    constraint coverage_spans_end check (to_ts is not null or line_id is not null),
    constraint coverage_spans_in_order check (isfinite(from_ts) and from_ts <= to_ts),
    constraint coverage_spans_live check ((evidence = 'live') = (line_id is not null))
  )`,
  `create unique index coverage_spans_line on coverage_spans (line_id, stream_id, from_ts)
    where line_id is not null`,
  'create index coverage_spans_proofs on coverage_spans (from_ts) where line_id is null',
  `create table coverage_losses (
    id bigint primary key default nextval('coverage_ids'),
    from_ts timestamptz not null,
    to_ts timestamptz,
    stream_id integer,
    channel text collate "C",
    collector_id integer,
    line_id integer,
    journal_position bigint,
    reason text collate "C" not null,
    items bigint,
    constraint coverage_losses_in_order check (isfinite(from_ts) and from_ts < to_ts),
    constraint coverage_losses_line check (line_id is null or collector_id is not null),
    constraint coverage_losses_place check (journal_position is null or collector_id is not null)
  )`,
  // A part of a journal that is read again writes nothing twice.
  `create unique index coverage_losses_identity on coverage_losses
    (collector_id, journal_position, reason, stream_id, channel, line_id) nulls not distinct
    where journal_position is not null`,
  `create index coverage_losses_stream on coverage_losses (stream_id, from_ts)
    where stream_id is not null`,
  'create index coverage_losses_wide on coverage_losses (from_ts) where stream_id is null',
]

/** How far each channel of a journal is stored: beside its position, and what is left of a former journal. */
const STORED = [
  'alter table journal_positions add column stored_until timestamptz',
  // A row of `journal_positions` is replaced when its collector has a new journal.
  `create table left_positions (
    collector_id integer not null references collectors,
    channel text collate "C" not null,
    stored_until timestamptz not null,
    primary key (collector_id, channel)
  )`,
]

/** Whole days by stream, as they were computed, and the days that changed since. */
const DAYS = [
  `create table coverage_days (
    day date not null,
    stream_id integer not null,
    wanted_ms integer not null,
    covered_ms integer not null,
    gaps integer not null,
    largest_gap_ms integer not null,
    evidence coverage_evidence[] not null,
    primary key (day, stream_id)
  )`,
  // Marks are only added: one that is kept unique could fold into one that is being deleted.
  `create table coverage_dirty (
    id bigint generated always as identity primary key,
    day date not null
  )`,
  'create index coverage_dirty_day on coverage_dirty (day)',
  // Once no older transaction is open, whoever changes the day before leaves a mark.
  `create table coverage_midnights (
    day date primary key,
    noted_in xid8 not null default pg_current_xact_id()
  )`,
]

/** SQL that makes the tables of the ledger. */
export const COVERAGE_TABLES: readonly string[] = [...WANTED, ...COVERED, ...STORED, ...DAYS]
