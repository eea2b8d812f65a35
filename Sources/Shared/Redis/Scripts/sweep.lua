#!lua flags=allow-oom
-- Takes sessions of a gateway out that is dead, some at a time; behind the last the gateway itself. A gateway that lives, or has
-- come back meanwhile, keeps all that are left.
--
-- KEYS[1]  node:<id>
-- KEYS[2]  sessions:<id>
-- KEYS[3]  nodes
-- ARGV     1 the node's id, 2 the cursor, at first 0, 3 about how many to take
-- returns  -1 where it lives; else how many were taken, and the cursor, 0 at the end

if redis.call('EXISTS', KEYS[1]) == 1 then return {-1, '0'} end
local page = redis.call('HSCAN', KEYS[2], ARGV[2], 'COUNT', ARGV[3])
local entries = page[2]
for place = 1, #entries, 2 do
    local isRead, session = pcall(cjson.decode, entries[place + 1])
    if isRead and type(session) == 'table' and type(session.user) == 'string' then
        redis.call('HDEL', 'user:' .. session.user .. ':sessions', entries[place])
    end
    redis.call('HDEL', KEYS[2], entries[place])
end
if page[1] == '0' then redis.call('ZREM', KEYS[3], ARGV[1]) end
return {#entries / 2, page[1]}
