-- By how many messages a file is shown or is about to be; is_shown says whether there are any. Null: not counted, since a gateway
-- of an earlier release has uploaded or attached it.
alter table files add column claims integer;
