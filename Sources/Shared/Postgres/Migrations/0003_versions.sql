-- Versions of conversations' members. What is rolled back has told its version already, by the fence: so none is ever given
-- twice, which numbers of a sequence aren't and those of a column would be.
create sequence conversation_versions;
select setval('conversation_versions', (select coalesce(max(version), 0) + 1 from conversations));
