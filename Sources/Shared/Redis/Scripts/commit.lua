#!lua flags=allow-oom
-- Notes that PostgreSQL has committed a partition's entries up to a cursor: they don't wait any more. Drops what is
-- committed and old from each conversation's cache; the stream itself is trim.lua's. Done by the partition's owner
-- only, and also while Redis' memory is full: this is what makes room.
--
-- The cursor moves whatever a conversation's keys look like: one that somebody has spoilt by hand is passed over, or
-- the partition would stand still.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 owner's token, 2 cursor (the last committed entry's id), 3 how long (ms) a committed state stays,
--          4 dedupe window (ms), 5 events that a cache keeps, 6 bytes and 7 number of the entries since the last
--          commit, without those that were committed before and are replayed, 8 number of dead letters,
--          then per dead letter: the entry's id, the reason, the entry,
--          then per conversation: id, highest committed event id, recipients "a,b" or "-", dedupe windows "1,2" or "-",
--          how many new messages of it have been committed now
-- returns  1, or 0 when the token isn't the owner's; an error, and no effect, where the dead letters can't be kept

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local lifetime, window, kept = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = tonumber(redis.call('TIME')[1]) * 1000
local INBOX = 500
-- So many changed messages are remembered before those are forgotten whose state only PostgreSQL has.
local CHANGES = 500
local INBOX_LIFETIME = 30 * 86400000

local function number(value)
    return string.format('%.0f', value)
end

-- A call's reply, or nil where the key is of another type than its name says.
local function try(...)
    local reply = redis.pcall(...)
    if type(reply) == 'table' and reply.err then return nil end
    return reply
end

if redis.call('GET', prefix .. 'owner') ~= ARGV[1] then return 0 end
if not try('XLEN', prefix .. 'dead') then return redis.error_reply('CORRUPT the dead letters are no stream') end

-- Whether a stream id comes before another, or is it.
local function reaches(id, other)
    local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
    local other_ms, other_sequence = string.match(other, '^(%d+)-(%d+)$')
    ms, other_ms = tonumber(ms), tonumber(other_ms)
    return ms < other_ms or ms == other_ms and tonumber(sequence) <= tonumber(other_sequence)
end

local cursor, replay, kept_entries = unpack(redis.call('MGET', prefix .. 'cursor', prefix .. 'replay',
    prefix .. 'kept'))

-- Whether an entry that is replayed is a dead letter already.
local function is_dead(id)
    if not replay or not reaches(id, replay) then return false end
    for _, letter in ipairs(redis.call('XRANGE', prefix .. 'dead', '-', '+', 'COUNT', 1000)) do
        for position = 1, #letter[2], 2 do
            if letter[2][position] == 'id' and letter[2][position + 1] == id then return true end
        end
    end
    return false
end

local at = 9
for _ = 1, tonumber(ARGV[8]) do
    if not is_dead(ARGV[at]) then
        redis.call('XADD', prefix .. 'dead', '*', 'id', ARGV[at], 'reason', ARGV[at + 1], 'e', ARGV[at + 2])
    end
    at = at + 3
end

-- Keeps the newest committed events of a cache, and everything that isn't committed. `committed` is how many committed
-- ones there are, as far as is known. It reads those that go, or those that stay where they are fewer, and never
-- anything that waits. Returns how many are left.
local function trim(key, events, done, committed)
    local excess = committed - kept
    if excess <= 0 then return committed end
    local floor
    if excess <= kept then
        local oldest = redis.call('XRANGE', events, '-', number(done) .. '-0', 'COUNT', excess)
        if #oldest == 0 then return 0 end
        floor = tonumber(string.match(oldest[#oldest][1], '^%d+'))
    else
        local newest = redis.call('XREVRANGE', events, number(done) .. '-0', '-', 'COUNT', kept)
        if #newest < kept then return #newest end
        floor = tonumber(string.match(newest[kept][1], '^%d+')) - 1
    end
    redis.call('XTRIM', events, 'MINID', number(floor + 1) .. '-0')
    redis.call('HSET', key, 'floor', number(floor))
    return kept
end

local function forget_changes(key)
    if (try('HLEN', key .. ':changes') or 0) <= CHANGES then return end
    local floor = tonumber(redis.call('HGET', key, 'floor') or 0)
    local changes = redis.call('HGETALL', key .. ':changes')
    for position = 1, #changes, 2 do
        if tonumber(changes[position + 1]) <= floor then redis.call('HDEL', key .. ':changes', changes[position]) end
    end
end

-- How many committed events a cache holds: all of them where nothing waits, else what was counted so far. The count is
-- good for the `done` that it was written with: a persister of the first release moves that without counting. Edits
-- aren't counted, since each takes another event's place, and neither is what was committed before.
local function count(events, last, done, before, held, added)
    local length = try('XLEN', events) or 0
    if last <= done then return length end
    local counted, at_done = string.match(held or '', '^(%d+)@(%d+)$')
    if not counted or tonumber(at_done) ~= before then counted = 0 end
    if done == before then added = 0 end
    return math.min(length, tonumber(counted) + added)
end

while at < #ARGV do
    local key = prefix .. 'c:' .. ARGV[at]
    local events = key .. ':events'
    local state = try('HMGET', key, 'last', 'done', 'held', 'renewed')
    local last = state and tonumber(state[1] or '')
    if last then
        local before = tonumber(state[2] or '') or 0
        local done = math.max(before, tonumber(ARGV[at + 1]))
        local committed = count(events, last, done, before, state[3], tonumber(ARGV[at + 4]))
        committed = trim(key, events, done, committed)
        redis.call('HSET', key, 'done', number(done), 'held', number(committed) .. '@' .. number(done))
        forget_changes(key)
        -- Copies of what PostgreSQL has: nothing takes their expiry off, so it is moved now and then, not each time.
        if math.abs(now - (tonumber(state[4] or '') or 0)) >= lifetime / 8 then
            redis.call('PEXPIRE', key .. ':key', lifetime)
            redis.call('PEXPIRE', key .. ':members', lifetime)
            redis.call('PEXPIRE', key .. ':cursors', lifetime)
            redis.call('HSET', key, 'renewed', number(now))
        end
        if last <= done then
            redis.call('HSET', key, 'ttl', '1')
            redis.call('PEXPIRE', key, lifetime)
            redis.call('PEXPIRE', events, lifetime)
            redis.call('PEXPIRE', key .. ':changes', lifetime)
        end
    end
    for user in string.gmatch(ARGV[at + 2], '[^,-][^,]+') do
        local inbox = prefix .. 'inbox:' .. user
        try('ZREMRANGEBYRANK', inbox, 0, -INBOX - 1)
        redis.call('PEXPIRE', inbox, INBOX_LIFETIME)
    end
    for number_of_window in string.gmatch(ARGV[at + 3], '%d+') do
        redis.call('PEXPIRE', key .. ':d' .. number_of_window, 2 * window)
    end
    at = at + 5
end

redis.call('SET', prefix .. 'cursor', ARGV[2])
if replay and reaches(replay, ARGV[2]) then redis.call('DEL', prefix .. 'replay') end
-- How many entries are committed and still there. The count is good for the cursor that it was written with.
local number_kept, at_cursor = string.match(kept_entries or '', '^(%d+) (%S+)$')
if at_cursor ~= (cursor or '0-0') then number_kept = 0 end
number_kept = tonumber(number_kept) + tonumber(ARGV[7])
redis.call('SET', prefix .. 'kept', number(number_kept) .. ' ' .. ARGV[2])
-- Where nothing waits the size is known, whatever went wrong before.
if (try('XLEN', KEYS[1]) or 0) <= number_kept then
    redis.call('DEL', prefix .. 'bytes')
else
    try('DECRBY', prefix .. 'bytes', ARGV[6])
end
return 1
