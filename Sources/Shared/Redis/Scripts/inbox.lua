#!lua flags=no-writes
-- Tells which of a partition's DIRECT conversations have something for a user.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 user, 2 an event id, 3 1 to be told, too, of what is older and not delivered to any device of the user
-- returns  1 or 0, whether the user has an inbox there at all, then per conversation its id, its last event id, and up to where it is delivered, nil where Redis doesn't know

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local owes = ARGV[3] == '1'
local found = redis.call('ZRANGEBYSCORE', prefix .. 'inbox:' .. ARGV[1], owes and '-inf' or '(' .. ARGV[2], '+inf',
    'WITHSCORES')
local after = tonumber(ARGV[2])
local reply = { redis.call('EXISTS', prefix .. 'inbox:' .. ARGV[1]) }
for at = 1, #found, 2 do
    local last = tonumber(found[at + 1])
    local delivered = redis.call('HGET', prefix .. 'c:' .. found[at] .. ':cursors', 'd:' .. ARGV[1])
    if last > after or not delivered or tonumber(delivered) < last then
        table.insert(reply, found[at])
        table.insert(reply, string.format('%.0f', last))
        table.insert(reply, delivered)
    end
end
return reply
