#!lua flags=allow-oom
-- Takes the ownership of a partition that nobody has. Allowed while Redis' memory is full, as all of the persister's
-- scripts are: what it does makes room.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 token of the new owner, 2 how long (ms) the partition is theirs
-- returns  nil when the partition is somebody else's, else the cursor ("0-0" where there is none), up to where entries
--          were committed before and are replayed ("" where none are), and 1 where a persister of the first release has
--          committed since this one's kind did, else 0

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local taken = redis.call('SET', prefix .. 'owner', ARGV[1], 'NX', 'PX', ARGV[2])
-- A call may be repeated though it took effect.
if not taken and redis.call('GET', prefix .. 'owner') ~= ARGV[1] then return false end

local cursor, replay, kept = unpack(redis.call('MGET', prefix .. 'cursor', prefix .. 'replay', prefix .. 'kept'))
-- A persister of the first release drops what it commits, and counts nothing.
local follows_older = 0
if cursor and string.match(kept or '', ' (%S+)$') ~= cursor then
    follows_older = 1
    redis.call('SET', prefix .. 'kept', '0 ' .. cursor)
    redis.call('SET', prefix .. 'trimmed', cursor)
end
return { cursor or '0-0', replay or '', follows_older }
