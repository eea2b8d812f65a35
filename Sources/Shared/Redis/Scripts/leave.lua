#!lua flags=allow-oom
-- Takes a gateway out, unless its name belongs to another process by now.
--
-- KEYS[1]  node:<id>
-- ARGV     1 the incarnation of who asks
-- returns  1 where it is out

local facts = redis.call('GET', KEYS[1])
if not facts then return 1 end
local isRead, other = pcall(cjson.decode, facts)
if isRead and type(other) == 'table' and other.incarnation == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
