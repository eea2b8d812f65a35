-- What a file's content says of itself; null: not known, since a gateway of an earlier release has taken it.
alter table files
    add column sha256 bytea,
    -- In pixels, of pictures whose size is known.
    add column width integer,
    add column height integer,
    -- What the uploader calls the upload, so that a repeat is known; null: nothing, or not any more.
    add column upload_key text;
