#!lua flags=allow-oom
-- Tells Redis' clock, from which ids have their times, and notes where it has gone back since somebody looked last.
--
-- KEYS[1]  {clock}:time
-- KEYS[2]  {clock}:jumps
-- ARGV     1 how long (ms) it matters that the clock has gone back
-- returns  the clock (ms), then per jump "<to> <from>" (ms)

-- A smaller jump makes no difference to anybody.
local TOLERANCE = 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = tonumber(redis.call('GET', KEYS[1]) or 0)
local function number(value)
    return string.format('%.0f', value)
end

if before - now > TOLERANCE then redis.call('ZADD', KEYS[2], number(before), number(now) .. ' ' .. number(before)) end
redis.call('SET', KEYS[1], number(now))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', number(now - ARGV[1]))
local reply = redis.call('ZRANGE', KEYS[2], 0, -1)
table.insert(reply, 1, now)
return reply
