-- $1 collector, $2 journal
select channel, position::text as position
from journal_positions
where collector = $1::text and journal_id = $2::uuid;
