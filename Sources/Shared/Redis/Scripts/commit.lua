#!lua flags=allow-oom
-- Notes that PostgreSQL has committed a partition's entries up to a cursor: drops them from the stream, and what is
-- committed and old from each conversation's cache. Done by the partition's owner only, and also while Redis' memory is
-- full: this is what makes room.
--
-- The cursor moves whatever a conversation's keys look like: one that somebody has spoilt by hand is passed over, or the
-- partition would stand still.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 owner's token, 2 cursor (the last committed entry's id), 3 how long (ms) a committed state stays,
--          4 dedupe window (ms), 5 events that a cache keeps, 6 bytes of the entries since the last commit,
--          7 number of dead letters,
--          then per dead letter: the entry's id, the reason, the entry,
--          then per conversation: id, highest committed event id, recipients "a,b" or "-", dedupe windows "1,2"
-- returns  1, or 0 when the token isn't the owner's; an error, and no effect, where the dead letters can't be kept

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local lifetime, window, kept = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
-- One call never reads more of a cache than this, however much has piled up.
local TRIM = 2000
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

local at = 8
for _ = 1, tonumber(ARGV[7]) do
    redis.call('XADD', prefix .. 'dead', '*', 'id', ARGV[at], 'reason', ARGV[at + 1], 'e', ARGV[at + 2])
    at = at + 3
end

local function trim(key, events, done)
    local excess = (try('XLEN', events) or 0) - kept
    if excess <= 0 then return end
    local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', math.min(excess, TRIM))
    for position = #oldest, 1, -1 do
        local id = tonumber(string.match(oldest[position][1], '^%d+'))
        if id <= done then
            redis.call('XTRIM', events, 'MINID', number(id + 1) .. '-0')
            redis.call('HSET', key, 'floor', number(id))
            return
        end
    end
end

local function forget_changes(key)
    if (try('HLEN', key .. ':changes') or 0) <= CHANGES then return end
    local floor = tonumber(redis.call('HGET', key, 'floor') or 0)
    local changes = redis.call('HGETALL', key .. ':changes')
    for position = 1, #changes, 2 do
        if tonumber(changes[position + 1]) <= floor then redis.call('HDEL', key .. ':changes', changes[position]) end
    end
end

while at < #ARGV do
    local key = prefix .. 'c:' .. ARGV[at]
    local events = key .. ':events'
    local state = try('HMGET', key, 'last', 'done')
    local last = state and tonumber(state[1] or '')
    if last then
        local done = math.max(tonumber(state[2] or '') or 0, tonumber(ARGV[at + 1]))
        redis.call('HSET', key, 'done', number(done))
        -- A copy that nothing else keeps alive while the conversation is in use.
        redis.call('PEXPIRE', key .. ':key', lifetime)
        trim(key, events, done)
        forget_changes(key)
        if last <= done then
            redis.call('HSET', key, 'ttl', '1')
            redis.call('PEXPIRE', key, lifetime)
            redis.call('PEXPIRE', events, lifetime)
            redis.call('PEXPIRE', key .. ':members', lifetime)
            redis.call('PEXPIRE', key .. ':changes', lifetime)
            redis.call('PEXPIRE', key .. ':cursors', lifetime)
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
    at = at + 4
end

redis.call('SET', prefix .. 'cursor', ARGV[2])
local ms, sequence = string.match(ARGV[2], '^(%d+)-(%d+)$')
redis.call('XTRIM', KEYS[1], 'MINID', ms .. '-' .. number(sequence + 1))
-- Of an empty stream the size is known, whatever went wrong before.
if redis.call('XLEN', KEYS[1]) == 0 then
    redis.call('DEL', prefix .. 'bytes')
else
    try('DECRBY', prefix .. 'bytes', ARGV[6])
end
return 1
