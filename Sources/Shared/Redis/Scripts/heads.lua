#!lua flags=no-writes
-- Tells the heads of many conversations of a partition in one call.
--
-- KEYS[1]  {tag}:stream
-- ARGV     conversations
-- returns  per conversation its last event id, the version of its members, and the two of a DIRECT conversation as "a,b" or
--          "-"; three times nil for one that Redis doesn't have

local prefix = string.match(KEYS[1], '^({[^}]*}:)') .. 'c:'
local reply = {}
for _, id in ipairs(ARGV) do
    local last = redis.call('HGET', prefix .. id, 'last')
    local facts = redis.call('HMGET', prefix .. id .. ':members', 'v', 'r')
    local known = last and facts[1] and true
    table.insert(reply, known and last or false)
    table.insert(reply, known and facts[1] or false)
    table.insert(reply, known and (facts[2] or '-') or false)
end
return reply
