#!lua flags=allow-oom
-- Cuts off what Redis knows of a conversation's members, between the change in PostgreSQL and its COMMIT: from now on the
-- next send or subscribe loads them anew, and waits for the row's lock to do so.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 conversation, 2 the new version
-- returns  the last event id and the last one known committed, both 0 when the conversation isn't in Redis

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local key = prefix .. 'c:' .. ARGV[1]

redis.call('DEL', key .. ':members', key .. ':ticket')
redis.call('PUBLISH', prefix .. 'e:' .. ARGV[1], '1 v ' .. ARGV[2] .. ' ' .. ARGV[1])
local state = redis.call('HMGET', key, 'last', 'done')
return { tonumber(state[1] or 0), tonumber(state[2] or 0) }
