#!lua flags=allow-oom
-- Registers a session, unless its user has as many as allowed. Only sessions count that their node has, too, and whose node lives;
-- at the limit the others are taken out.
--
-- KEYS[1]  user:<user>:sessions
-- KEYS[2]  sessions:<node>
-- ARGV     1 the session's id, 2 the node's, 3 the session as JSON, 4 the limit
-- returns  1 registered, 0 too many

local limit = tonumber(ARGV[4])
if redis.call('HLEN', KEYS[1]) >= limit then
    local entries = redis.call('HGETALL', KEYS[1])
    local lives, count = {}, 0
    for place = 1, #entries, 2 do
        local id, node = entries[place], entries[place + 1]
        if lives[node] == nil then lives[node] = redis.call('EXISTS', 'node:' .. node) == 1 end
        if id ~= ARGV[1] and lives[node] and redis.call('HEXISTS', 'sessions:' .. node, id) == 1 then
            count = count + 1
        else
            redis.call('HDEL', KEYS[1], id)
        end
    end
    if count >= limit then return 0 end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
