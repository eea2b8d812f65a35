#!lua flags=allow-oom
-- Moves a partition's cursor back, so that entries which PostgreSQL has lost again are written again. What is kept
-- doesn't wait for that: it stays out of the counts that bound the stream.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 owner's token, or "" for an operator: then the owner loses the partition, and claims it anew with the
--          cursor, 2 the position to go back to
-- returns  nil when the token isn't the owner's, else the cursor before and now, and the position from which on
--          everything is there

local prefix = string.match(KEYS[1], '^({[^}]*}:)')

local function reaches(id, other)
    local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
    local other_ms, other_sequence = string.match(other, '^(%d+)-(%d+)$')
    ms, other_ms = tonumber(ms), tonumber(other_ms)
    return ms < other_ms or ms == other_ms and tonumber(sequence) <= tonumber(other_sequence)
end

local owner, cursor, replay, counted, trimmed = unpack(redis.call('MGET', prefix .. 'owner', prefix .. 'cursor',
    prefix .. 'replay', prefix .. 'kept', prefix .. 'trimmed'))
if ARGV[1] ~= '' and owner ~= ARGV[1] then return false end
cursor, trimmed = cursor or '0-0', trimmed or '0-0'
local kept, at_cursor = string.match(counted or '', '^(%d+) (%S+)$')
-- A persister of the first release keeps nothing.
if at_cursor ~= cursor then kept, trimmed = '0', cursor end

local target = reaches(trimmed, ARGV[2]) and ARGV[2] or trimmed
if reaches(cursor, target) then return { cursor, cursor, trimmed } end
if not replay or reaches(replay, cursor) then redis.call('SET', prefix .. 'replay', cursor) end
redis.call('SET', prefix .. 'cursor', target)
redis.call('SET', prefix .. 'kept', kept .. ' ' .. target)
if ARGV[1] == '' then redis.call('DEL', prefix .. 'owner') end
return { cursor, target, trimmed }
