-- Work that one process does for all: who has it, and until when.
create table leases (
    name text primary key,
    owner text not null,
    ends_at timestamptz not null
);
