#!lua flags=allow-oom
-- Drops committed entries from a partition's stream that are older than they are kept, for its owner, or for anybody
-- where nothing is to be kept. The point up to which it drops is found here, below the cursor: one that was found in an
-- earlier call may lie above it by now.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 owner's token, or "" where nothing is kept, 2 how long (ms) committed entries are kept, 0 for not at all
-- returns  nil when the token isn't the owner's, else the position from which on everything is there, and how many
--          committed entries there are

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
-- One call drops about so many at most: Redis does nothing else meanwhile.
local STEP = 10000
local HIGHEST = '18446744073709551615'

local function number(value)
    return string.format('%.0f', value)
end

local function parts(id)
    local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(ms), sequence
end

local function reaches(id, other)
    local ms, sequence = parts(id)
    local other_ms, other_sequence = parts(other)
    return ms < other_ms or ms == other_ms and tonumber(sequence) <= tonumber(other_sequence)
end

local owner, cursor, replay, counted, trimmed = unpack(redis.call('MGET', prefix .. 'owner', prefix .. 'cursor',
    prefix .. 'replay', prefix .. 'kept', prefix .. 'trimmed'))
if owner ~= ARGV[1] and not (ARGV[1] == '' and ARGV[2] == '0') then return false end
cursor, trimmed = cursor or '0-0', trimmed or '0-0'
local kept, at_cursor = string.match(counted or '', '^(%d+) (%S+)$')
if at_cursor ~= cursor then kept = 0 end
local before = tonumber(kept)
kept = before

-- Everything up to this position goes.
local target = cursor
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[2])
if ARGV[2] ~= '0' and oldest <= parts(cursor) then target = number(math.max(0, oldest - 1)) .. '-' .. HIGHEST end

if reaches(trimmed, target) and redis.call('XLEN', KEYS[1]) > 0 then
    local ms, sequence = parts(target)
    local first = sequence == HIGHEST and number(ms + 1) .. '-0' or number(ms) .. '-' .. number(sequence + 1)
    local removed = redis.call('XTRIM', KEYS[1], 'MINID', '~', first, 'LIMIT', STEP)
    if removed < STEP / 2 then
        removed = removed + redis.call('XTRIM', KEYS[1], 'MINID', first)
    else
        -- There may be more: it goes next time.
        local left = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
        if #left > 0 and not reaches(target, left[1][1]) then
            ms, sequence = parts(left[1][1])
            target = sequence == '0' and number(ms - 1) .. '-' .. HIGHEST or number(ms) .. '-' .. number(sequence - 1)
        end
    end
    if removed > 0 then
        trimmed = target
        redis.call('SET', prefix .. 'trimmed', trimmed)
        kept = math.max(0, kept - removed)
    end
end

-- Where nothing waits both counts are known, whatever went wrong before.
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #newest == 0 or reaches(newest[1][1], cursor) or replay and reaches(newest[1][1], replay) then
    kept = redis.call('XLEN', KEYS[1])
    redis.call('DEL', prefix .. 'bytes')
end
if kept ~= before then redis.call('SET', prefix .. 'kept', number(kept) .. ' ' .. cursor) end
return { trimmed, kept }
