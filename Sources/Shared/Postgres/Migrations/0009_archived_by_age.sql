-- Whether nobody archived it but its age: a DIRECT conversation of which that is so comes out again with its next message.
alter table conversations add column is_archived_by_age boolean not null default false;
