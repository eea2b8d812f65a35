-- The keys that conversations' contents are encrypted with, each under a master key that stands in no store.
create table data_keys (
    conversation_id uuid primary key references conversations,
    -- The master key's name, and what it made of the data key: base64 of nonce, ciphertext and tag.
    master text not null,
    wrapped text not null
);
create index data_keys_master on data_keys (master);
