#!lua
-- Accepts a batch of messages, edits and deletes of one partition: answers repeats, authorises, gives ids, appends to the
-- partition's stream and to each conversation's cache, and publishes.
--
-- Redis rolls nothing back when a script errs half-way. So the first loop only reads, and looks at the type of every key
-- that will be written; the second loop only makes calls that can't fail any more.
--
-- KEYS[1]  {tag}:stream; all other keys share its tag
-- ARGV     1 the gateway's clock (ms), 2 dedupe window (ms), 3 entries and 4 bytes of them that the stream may hold, 5 for
--          how many participants at most a message's status is told, 6 how long (ms) the copies of what PostgreSQL has stay,
--          then per message: conversation, sender, digest, random number below 4096, highest id the gateway has seen,
--          1 for a message of the server itself (who sends it and whether it is archived doesn't matter) or 0,
--          "-" for a new message, or "e" or "d", the id of the message that is edited or deleted, the last event of it
--          that the gateway knows, and the message's createdAt, with blanks between, and
--          the message's JSON behind the fields that are made here, without its opening brace, as it is published, and as it is
--          kept, or "" for the same
-- returns  the clock (ms), then per message a code, an id and the id before it (0 where there is none); forked is accepted, too,
--          and says that the gateway has seen an id above the last one here: Redis has lost events

local ACCEPTED, REPEATED, COLD, NOT_MEMBER, ARCHIVED, FULL, EXHAUSTED, CORRUPT, CONFLICT, FORKED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local ARCHIVED_BY_AGE = 10
local EPOCH = 1735689600000
local LIMIT = 9007199254740991
local FIELDS = 9

local stream = KEYS[1]
local prefix = string.match(stream, '^({[^}]*}:)')
local redis_time = redis.call('TIME')
local redis_ms = redis_time[1] * 1000 + math.floor(redis_time[2] / 1000)
local clock = math.min(redis_ms, tonumber(ARGV[1]) + 60000)
local window = math.floor(redis_ms / tonumber(ARGV[2]))
local room, byte_room = tonumber(ARGV[3]), tonumber(ARGV[4])
local bytes = prefix .. 'bytes'

local function number(value)
    return string.format('%.0f', value)
end

-- RFC 3339 in UTC: days are turned into a civil date by counting from 0000-03-01, in eras of 400 years.
local function timestamp(ms)
    local days = math.floor(ms / 86400000)
    local rest = ms - days * 86400000
    local shifted = days + 719468
    local era = math.floor(shifted / 146097)
    local day_of_era = shifted - era * 146097
    local year_of_era = math.floor((day_of_era - math.floor(day_of_era / 1460) + math.floor(day_of_era / 36524)
        - math.floor(day_of_era / 146096)) / 365)
    local day_of_year = day_of_era
        - (365 * year_of_era + math.floor(year_of_era / 4) - math.floor(year_of_era / 100))
    local month_index = math.floor((5 * day_of_year + 2) / 153)
    local day = day_of_year - math.floor((153 * month_index + 2) / 5) + 1
    local month = month_index < 10 and month_index + 3 or month_index - 9
    local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
    return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, math.floor(rest / 3600000),
        math.floor(rest / 60000) % 60, math.floor(rest / 1000) % 60, rest % 1000)
end

local function kind(key, wanted)
    local found = redis.call('TYPE', key).ok
    return found == 'none' or found == wanted
end

local function failed(reply)
    return type(reply) == 'table' and reply.err ~= nil
end

-- What the script has to know of a conversation, read once per call.
local conversations = {}
local function conversation(id)
    local known = conversations[id]
    if known then return known end
    local key = prefix .. 'c:' .. id
    local c = {
        key = key, events = key .. ':events', members = key .. ':members', channel = prefix .. 'e:' .. id,
        now = key .. ':d' .. number(window), before = key .. ':d' .. number(window - 1), changes = key .. ':changes',
        cursors = key .. ':cursors',
        answers = {}, roles = {}, changed = {},
    }
    conversations[id] = c
    local state = redis.pcall('HMGET', key, 'last', 'ttl', 'f', 'renewed')
    if failed(state) or not kind(c.events, 'stream') or not kind(c.now, 'hash') or not kind(c.before, 'hash')
        or not kind(c.members, 'hash') or not kind(c.changes, 'hash') or not kind(c.cursors, 'hash')
        or (state[3] and state[3] ~= '1') then
        c.corrupt = true
        return c
    end
    c.last = state[1] and tonumber(state[1])
    c.expires = state[2]
    c.renewed = tonumber(state[4] or '') or 0
    local facts = redis.call('HMGET', c.members, 'v', 'a', 'r', 'f', 'o')
    c.version, c.archived, c.recipients = facts[1], facts[2] == '1', facts[3]
    c.opens = facts[5] == '1'
    -- Loaded by a process of the first release: the participants' indexes may not have this partition.
    c.unindexed = c.recipients and c.recipients ~= '-' and facts[4] ~= '2'
    c.users = {}
    if c.recipients and c.recipients ~= '-' then
        for user in string.gmatch(c.recipients, '[^,]+') do
            local inbox = prefix .. 'inbox:' .. user
            if not kind(inbox, 'zset') then c.corrupt = true end
            table.insert(c.users, { inbox = inbox, channel = 'u:' .. user })
        end
    end
    return c
end

local function is_member(c, sender)
    if c.roles[sender] == nil then c.roles[sender] = redis.call('HEXISTS', c.members, sender) == 1 end
    return c.roles[sender]
end

-- What is to be done with a message that exists; false where somebody else has changed it since the gateway looked.
local function change(c, text)
    local what, target, expected, created = string.match(text, '^([ed]) (%d+) (%d+) (%S+)$')
    local latest = c.changed[target] or redis.call('HGET', c.changes, target)
    if latest and latest ~= expected then return false end
    return { kind = what, target = target, replaced = expected, created = created }
end

-- How far a message that exists has got: what everybody but its author has got, or read.
local function status(c, message, body)
    local author = string.match(body, '"senderId":"([^"]+)"')
    local fields = redis.call('HGETALL', c.cursors)
    local lowest, others = {}, 0
    for position = 1, #fields, 2 do
        local which, user = string.match(fields[position], '^([dr]):(.*)$')
        if which and user ~= author then
            lowest[which] = math.min(lowest[which] or LIMIT, tonumber(fields[position + 1]) or 0)
            if which == 'd' then others = others + 1 end
        end
    end
    if others == 0 or others >= tonumber(ARGV[5]) then return 'SENT' end
    return (lowest.r or 0) >= message and 'READ' or lowest.d >= message and 'DELIVERED' or 'SENT'
end

if not kind(stream, 'stream') or not kind(bytes, 'string') then
    return redis.error_reply('CORRUPT the partition stream is no stream, or its size no number')
end
local sizes = redis.call('MGET', bytes, prefix .. 'kept', prefix .. 'cursor')
-- What PostgreSQL has doesn't wait, though it is kept to be replayed.
local kept, at_cursor = string.match(sizes[2] or '', '^(%d+) (%S+)$')
if at_cursor ~= (sizes[3] or '0-0') then kept = 0 end
local waiting, used = redis.call('XLEN', stream) - tonumber(kept), tonumber(sizes[1] or 0)
if not used then return redis.error_reply('CORRUPT the size of the partition stream is no number') end
local created = timestamp(clock)
local reply = { clock }
local accepted = {}

for at = 7, #ARGV, FIELDS do
    local id, sender, digest = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local c = conversation(id)
    local code, event, previous = ACCEPTED, 0, 0
    if c.corrupt then
        code = CORRUPT
    else
        local answer = c.answers[digest] or redis.call('HGET', c.now, digest) or redis.call('HGET', c.before, digest)
        if answer then
            code, event = REPEATED, tonumber(answer)
        elseif not c.last or not c.version or not c.recipients or c.unindexed then
            code = COLD
        elseif ARGV[at + 5] == '0' and not is_member(c, sender) then
            code = NOT_MEMBER
        elseif ARGV[at + 5] == '0' and c.archived then
            code = c.opens and ARGV[at + 6] == '-' and ARCHIVED_BY_AGE or ARCHIVED
        elseif waiting >= room or used >= byte_room then
            code = FULL
        else
            local changed = ARGV[at + 6] ~= '-' and change(c, ARGV[at + 6])
            previous = c.last
            event = math.max(previous + 1, tonumber(ARGV[at + 4]) + 1, (clock - EPOCH) * 4096 + tonumber(ARGV[at + 3]))
            if changed == false and ARGV[at + 6] ~= '-' then
                code, event, previous = CONFLICT, 0, 0
            elseif event >= LIMIT then
                code, event, previous = EXHAUSTED, 0, 0
            else
                if changed then c.changed[changed.target] = number(event) end
                if tonumber(ARGV[at + 4]) > previous then code = FORKED end
                c.last = event
                c.touched = true
                c.answers[digest] = event
                waiting = waiting + 1
                used = used + math.max(#ARGV[at + 7], #ARGV[at + 8])
                table.insert(accepted, {
                    c = c, digest = digest, id = event, previous = previous, at = at, change = changed,
                })
            end
        end
    end
    table.insert(reply, code)
    table.insert(reply, event)
    table.insert(reply, previous)
end

local added = 0
for _, m in ipairs(accepted) do
    local c, id, previous = m.c, number(m.id), number(m.previous)
    local changed = m.change or { kind = 'm', target = id, created = created }
    local progress = m.change and ' ' .. status(c, tonumber(changed.target), ARGV[m.at + 7]) or ''
    local head = table.concat({
        '1 ', changed.kind, ' ', id, ' ', previous, ' ', c.version, ' ', ARGV[m.at], ' ', c.recipients, progress,
        '\n{"id":', changed.target, ',"eventId":', id, ',"previousEventId":', previous, ',"createdAt":"',
        changed.created, '",',
    })
    local published = head .. ARGV[m.at + 7]
    local entry = ARGV[m.at + 8] == '' and published or head .. ARGV[m.at + 8]
    added = added + #entry
    redis.call('XADD', stream, '*', 'e', entry)
    redis.call('XADD', c.events, id .. '-0', 'e', entry)
    redis.call('HSET', c.now, m.digest, id)
    if m.change then
        redis.call('HSET', c.changes, changed.target, id)
        -- The state before must not be read any more: its content may be what the change is to take away.
        redis.call('XDEL', c.events, changed.replaced .. '-0')
    end
    redis.call('PUBLISH', c.channel, published)
    for _, user in ipairs(c.users) do
        redis.call('ZADD', user.inbox, id, ARGV[m.at])
        redis.call('PUBLISH', user.channel, published)
    end
end

if added > 0 then redis.call('INCRBY', bytes, added) end
for _, c in pairs(conversations) do
    if c.touched then
        redis.call('HSET', c.key, 'last', number(c.last))
        -- In two windows nobody asks for it any more.
        redis.call('PEXPIRE', c.now, 2 * ARGV[2], 'NX')
        -- While PostgreSQL is away no commit moves the expiry of the copies, and nobody could load them.
        if math.abs(redis_ms - c.renewed) >= ARGV[6] / 8 then
            redis.call('PEXPIRE', c.key .. ':key', ARGV[6])
            redis.call('PEXPIRE', c.members, ARGV[6])
            redis.call('PEXPIRE', c.cursors, ARGV[6])
            redis.call('HSET', c.key, 'renewed', number(redis_ms))
        end
        if c.expires then
            redis.call('PERSIST', c.key)
            redis.call('PERSIST', c.events)
            redis.call('PERSIST', c.changes)
            redis.call('HDEL', c.key, 'ttl')
        end
    end
end

return reply
