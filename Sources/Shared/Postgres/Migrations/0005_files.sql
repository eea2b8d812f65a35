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
    -- Whether a message shows it, or was about to; what none has shown for a day goes.
    is_shown boolean not null default false,
    -- Set when the message that showed it is deleted: from then on nobody gets it.
    deleted_at timestamptz,
    -- Set when its bytes are gone.
    removed_at timestamptz
);
create index files_conversation on files (conversation_id);
create index files_waiting on files (created_at) where not is_shown and deleted_at is null;
create index files_going on files (deleted_at) where removed_at is null;
