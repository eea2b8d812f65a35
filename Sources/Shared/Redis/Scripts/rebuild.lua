#!lua flags=allow-oom
-- Mends the state of a conversation of which Redis has lost events that PostgreSQL has, or that somebody has seen: new ids
-- rise above them, and what PostgreSQL has is read from there.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 conversation, 2 last event id in PostgreSQL, 3 highest event id that a gateway has seen
-- returns  1, or 0 when the conversation isn't in Redis

local key = string.match(KEYS[1], '^({[^}]*}:)') .. 'c:' .. ARGV[1]
local state = redis.call('HMGET', key, 'last', 'floor')
if not state[1] then return 0 end
local last, floor = tonumber(state[1]), tonumber(state[2] or 0)
local stored, seen = tonumber(ARGV[2]), tonumber(ARGV[3])

redis.call('HSET', key, 'last', string.format('%.0f', math.max(last, stored, seen)))
if stored > floor then
    redis.call('HSET', key, 'floor', string.format('%.0f', stored))
    redis.call('XTRIM', key .. ':events', 'MINID', string.format('%.0f', stored + 1) .. '-0')
end
return 1
