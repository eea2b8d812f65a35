-- For what a user's files take in all.
create index concurrently files_uploader on files (uploader_id) include (size) where removed_at is null;
