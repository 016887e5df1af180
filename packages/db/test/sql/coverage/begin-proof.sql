-- no parameters
select nextval('coverage_ids')::text as id;
