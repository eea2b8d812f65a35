-- Uploaded files; their bytes lie elsewhere, under the same id.

create table files (
    id uuid primary key,
    conversation_id uuid not null references conversations,
    uploader_id uuid not null,
    name text not null,
    -- The media type that the uploader told.
    type text not null,
    size bigint not null,
    -- Whether the bytes are encrypted under the conversation's data key.
    is_sealed boolean not null,
    created_at timestamptz not null default now(),
    -- Set when the message that showed it is deleted: from then on nobody gets it.
    deleted_at timestamptz
);
create index files_conversation on files (conversation_id);
