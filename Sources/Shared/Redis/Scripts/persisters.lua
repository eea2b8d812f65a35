#!lua flags=allow-oom
-- A persister says that it is there, or that it leaves, and asks how many there are. Redis' clock alone decides who is
-- dead.
--
-- KEYS[1]  persisters
-- ARGV     1 persister's id, 2 after how long (ms) of silence a persister is dead, 0 to leave
-- returns  how many are alive

if ARGV[2] == '0' then
    redis.call('ZREM', KEYS[1], ARGV[1])
    return redis.call('ZCARD', KEYS[1])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
return redis.call('ZCARD', KEYS[1])
