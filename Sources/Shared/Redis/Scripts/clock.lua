#!lua flags=allow-oom
-- Tells Redis' clock, from which ids have their times, and notes where it has gone back since somebody looked last.
--
-- KEYS[1]  {clock}:time
-- KEYS[2]  {clock}:jumps
-- ARGV     1 how long (ms) it matters that the clock has gone back
-- returns  the clock (ms), then per jump "<number> <to> <from>" (ms); the number is when it was noted, and rises from jump
--          to jump

-- A smaller jump makes no difference to anybody.
local TOLERANCE = 1000
-- So many of the newest are kept.
local MAXIMUM = 100

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = tonumber(redis.call('GET', KEYS[1]) or '') or 0
local function number(value)
    return string.format('%.0f', value)
end

if before - now > TOLERANCE then
    local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
    -- The clock may have gone back behind an earlier jump.
    local noted = number(math.max(now, (tonumber(newest or '') or 0) + 1))
    redis.call('ZADD', KEYS[2], noted, table.concat({ noted, number(now), number(before) }, ' '))
end
redis.call('SET', KEYS[1], number(now))
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', number(now - ARGV[1]))
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - MAXIMUM)
local reply = redis.call('ZRANGE', KEYS[2], 0, -1)
table.insert(reply, 1, now)
return reply
