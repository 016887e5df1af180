-- no parameters
create table ticker_snapshots_y2025m10d09 (like ticker_snapshots including all);

alter table ticker_snapshots
attach partition ticker_snapshots_y2025m10d09 for values from ('2025-10-09 00:00:00+00') to ('2025-10-10 00:00:00+00');
