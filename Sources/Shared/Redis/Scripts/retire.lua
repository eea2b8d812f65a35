#!lua flags=allow-oom
-- Takes out what Redis keeps of a conversation that was archived, once PostgreSQL has all of it: who reads it loads it anew.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 conversation
-- returns  1 when nothing is left but what recognises repeats, 0 when something waits for PostgreSQL

local key = string.match(KEYS[1], '^({[^}]*}:)') .. 'c:' .. ARGV[1]
local state = redis.call('HMGET', key, 'last', 'done')
if tonumber(state[1] or 0) > tonumber(state[2] or 0) then return 0 end
redis.call('UNLINK', key, key .. ':events', key .. ':members', key .. ':changes', key .. ':cursors', key .. ':key',
    key .. ':ticket')
return 1
