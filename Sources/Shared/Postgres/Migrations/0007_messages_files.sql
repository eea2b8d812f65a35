-- For the sweep of files. The first release made it with the table of files, in a transaction, which a table that has grown
-- can't wait for.
create index concurrently messages_files on messages (conversation_id) where file is not null;
