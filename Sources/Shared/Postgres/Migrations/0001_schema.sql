-- Conversations, their participants, and the history of messages.

create table conversations (
    id uuid primary key,
    type text not null check (type in ('DIRECT', 'GROUP')),
    title text,
    -- Raised by every change of participants or archive; Redis' copy of the members says which version it is.
    version bigint not null default 1,
    archived_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    -- The two of a DIRECT conversation, the lower one first, so that a pair has one.
    direct_low uuid,
    direct_high uuid,
    check ((type = 'DIRECT') = (direct_low is not null and direct_high is not null)),
    check (direct_low < direct_high)
);
create unique index conversations_direct_pair on conversations (direct_low, direct_high) where type = 'DIRECT';

create table participants (
    conversation_id uuid not null references conversations,
    user_id uuid not null,
    role text not null check (role in ('ADMIN', 'MEMBER')),
    joined_at timestamptz not null default now(),
    -- Cursors: everything up to this message is delivered to, or read by, the participant.
    delivered_id bigint not null default 0,
    read_id bigint not null default 0,
    primary key (conversation_id, user_id)
);
create index participants_user on participants (user_id, conversation_id);

create table messages (
    conversation_id uuid not null,
    id bigint not null,
    -- The event that brought the message into its present state, and the one before it in the conversation.
    last_event_id bigint not null,
    previous_event_id bigint not null,
    sender_id uuid not null,
    sender_type text not null,
    message_type text not null,
    content text not null,
    client_message_id text not null,
    file jsonb,
    created_at timestamptz not null,
    edited_at timestamptz,
    is_deleted boolean not null default false,
    -- Set where the message repeats an older one whose client id Redis had forgotten; hidden from history.
    duplicate_of bigint,
    -- Set where the client id was used before for another message.
    reuses_client_id boolean not null default false,
    primary key (conversation_id, id)
) partition by hash (conversation_id);
create table messages_00 partition of messages for values with (modulus 16, remainder 0);
create table messages_01 partition of messages for values with (modulus 16, remainder 1);
create table messages_02 partition of messages for values with (modulus 16, remainder 2);
create table messages_03 partition of messages for values with (modulus 16, remainder 3);
create table messages_04 partition of messages for values with (modulus 16, remainder 4);
create table messages_05 partition of messages for values with (modulus 16, remainder 5);
create table messages_06 partition of messages for values with (modulus 16, remainder 6);
create table messages_07 partition of messages for values with (modulus 16, remainder 7);
create table messages_08 partition of messages for values with (modulus 16, remainder 8);
create table messages_09 partition of messages for values with (modulus 16, remainder 9);
create table messages_10 partition of messages for values with (modulus 16, remainder 10);
create table messages_11 partition of messages for values with (modulus 16, remainder 11);
create table messages_12 partition of messages for values with (modulus 16, remainder 12);
create table messages_13 partition of messages for values with (modulus 16, remainder 13);
create table messages_14 partition of messages for values with (modulus 16, remainder 14);
create table messages_15 partition of messages for values with (modulus 16, remainder 15);
create index messages_events on messages (conversation_id, last_event_id);
create unique index messages_client_ids on messages (conversation_id, sender_id, client_message_id)
    where duplicate_of is null and not reuses_client_id;

-- Facts about the whole deployment, such as the number of partitions.
create table parley_meta (
    key text primary key,
    value text not null
);
