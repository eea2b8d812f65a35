-- One file for each upload that its uploader has named.
create unique index concurrently files_upload_key on files (uploader_id, upload_key) where upload_key is not null;
