#!lua flags=allow-oom
-- Takes from a bucket that all nodes share, or gives back. Allowed while Redis' memory is full: who floods then has to be
-- held all the more.
--
-- The bucket is the moment at which it is full again (generic cell rate algorithm): one number. What is written reaches
-- neither the append-only file nor a replica: a bucket that is forgotten is full, and with `appendfsync always` each write
-- would wait for the disk. A key that expires does reach them, as a DEL, so a bucket that is in use isn't let expire.
--
-- KEYS[1]  rate:<what>:<whom>
-- ARGV     1 milliseconds in which the bucket gains one, 2 what it holds, 3 what was taken ahead of asking,
--          4 what is wanted, or, where it is negative, what is given back
-- returns  how much was given, and after how many milliseconds there is more

local key = KEYS[1]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local debt, want = tonumber(ARGV[3]), tonumber(ARGV[4])
-- Milliseconds for which a bucket that nobody asks for is kept at least.
local IDLE = 60000

redis.set_repl(redis.REPL_NONE)
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local full = math.max(now, tonumber(redis.call('GET', key) or '0'))
-- What was written under a slower limit, before the configuration was changed, doesn't block for longer than two buckets.
full = math.min(full, now + 2 * burst * interval) + debt * interval
-- A ten-thousandth, so that what has just been gained isn't rounded away.
local level = math.floor(burst - (full - now) / interval + 0.0001)
local given = want
if want > 0 then given = math.max(0, math.min(want, level)) end
full = full + given * interval

local left = redis.call('PTTL', key)
local needed = math.ceil(full - now)
if left > IDLE / 2 and left > needed then
    redis.call('SET', key, string.format('%.3f', full), 'KEEPTTL')
else
    redis.call('SET', key, string.format('%.3f', full), 'PX', string.format('%.0f', math.max(needed, 0) + IDLE))
end
return { given, math.max(1, math.ceil(full - now - (burst - 1) * interval)) }
