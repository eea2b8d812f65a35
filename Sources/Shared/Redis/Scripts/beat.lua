#!lua flags=allow-oom
-- Says that a gateway is there. A name belongs to one process at a time: the one whose incarnation stands in its facts.
--
-- KEYS[1]  node:<id>
-- KEYS[2]  nodes
-- ARGV     1 the node's id, 2 the incarnation of who asks, 3 its facts as JSON, 4 milliseconds until they expire,
--          5 the time in ms, 6 facts of another that is dead, which may be replaced
-- returns  0 renewed, 1 taken; or 2, the facts of the process that has the name, and the milliseconds until they expire

local facts = redis.call('GET', KEYS[1])
local code = 1
if facts then
    local isRead, other = pcall(cjson.decode, facts)
    if isRead and type(other) == 'table' and other.incarnation == ARGV[2] then
        code = 0
    elseif facts ~= ARGV[6] then
        return {2, facts, redis.call('PTTL', KEYS[1])}
    end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
return {code}
