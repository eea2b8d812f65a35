-- Changes of members and archive that the conversation hasn't been told of yet, by a SYSTEM message: written with the change,
-- and removed once the message is accepted, so that it is told though the gateway dies in between.
create table announcements (
    conversation_id uuid not null references conversations (id),
    version bigint not null,
    event text not null,
    actor uuid not null,
    subject uuid,
    created_at timestamptz not null default now(),
    primary key (conversation_id, version)
);
