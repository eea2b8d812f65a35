-- When a conversation was archived for its age alone. It counts while it is the same as archived_at: then a DIRECT conversation comes
-- out again with its next message. Who archives or unarchives it by hand, of an earlier release too, makes it count no more.
alter table conversations add column archived_by_age_at timestamptz;
