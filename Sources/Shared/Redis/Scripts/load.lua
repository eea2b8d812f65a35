#!lua flags=allow-oom
-- Writes what a gateway read of a conversation in PostgreSQL, if its ticket still stands: a change of members or archive
-- since then has deleted the ticket.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 conversation, 2 ticket, 3 last event id in PostgreSQL, 4 version, 5 archived 0|1, or 2 where the next message takes it
--          out, 6 recipients,
--          7 how long (ms) a state stays of which PostgreSQL has everything,
--          then user, role, delivered and read message ids, repeated
-- returns  1 when written, 0 when the ticket is gone

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local key = prefix .. 'c:' .. ARGV[1]
local ticket, events, members = key .. ':ticket', key .. ':events', key .. ':members'

-- So many dead letters of the partition are looked at, the newest.
local DEAD = 1000

if redis.call('GET', ticket) ~= ARGV[2] then return 0 end
redis.call('DEL', ticket)

local last = redis.call('HGET', key, 'last')
if not last then
    redis.call('DEL', key, events)
    -- What PostgreSQL has refused for good was somebody's last event all the same: an id below it would look like a loss.
    local highest = tonumber(ARGV[3])
    local letters = redis.pcall('XREVRANGE', prefix .. 'dead', '+', '-', 'COUNT', DEAD)
    for _, letter in ipairs(letters.err and {} or letters) do
        for at = 1, #letter[2], 2 do
            local id, of = string.match(letter[2][at + 1], '^1 %a (%d+) %d+ %d+ (%S+) ')
            if letter[2][at] == 'e' and of == ARGV[1] then highest = math.max(highest, tonumber(id)) end
        end
    end
    redis.call('HSET', key, 'f', '1', 'last', string.format('%.0f', highest), 'floor', ARGV[3],
        'done', string.format('%.0f', highest))
elseif tonumber(last) < tonumber(ARGV[3]) then
    -- Redis has lost events: what PostgreSQL has is read from there.
    redis.call('HSET', key, 'last', ARGV[3], 'floor', ARGV[3], 'done', ARGV[3])
    redis.call('XTRIM', events, 'MINID', string.format('%.0f', ARGV[3] + 1) .. '-0')
end

redis.call('DEL', members)
redis.call('HSET', members, 'v', ARGV[4], 'a', ARGV[5] == '0' and '0' or '1', 'r', ARGV[6])
if ARGV[5] == '2' then redis.call('HSET', members, 'o', '1') end
-- The caller has noted the partition in both users' indexes of inboxes; one of the first release hasn't, and writes no format.
if ARGV[6] ~= '-' then redis.call('HSET', members, 'f', '2') end
-- Cursors go forward only: Redis may know more than PostgreSQL does yet.
local cursors = key .. ':cursors'
local known = {}
local fields = redis.call('HGETALL', cursors)
for position = 1, #fields, 2 do known[fields[position]] = fields[position + 1] end
local function further(field, loaded)
    return tonumber(known[field] or 0) > tonumber(loaded) and known[field] or loaded
end
-- Written anew, so that who was removed is forgotten.
redis.call('DEL', cursors)
redis.call('HSET', cursors, 'f', '1')
for at = 8, #ARGV, 4 do
    local user = ARGV[at]
    redis.call('HSET', members, user, ARGV[at + 1])
    redis.call('HSET', cursors, 'd:' .. user, further('d:' .. user, ARGV[at + 2]),
        'r:' .. user, further('r:' .. user, ARGV[at + 3]))
end

-- Who only reads would else leave it here for ever.
redis.call('PEXPIRE', members, ARGV[7])
redis.call('PEXPIRE', cursors, ARGV[7])
local state = redis.call('HMGET', key, 'last', 'done')
if tonumber(state[1]) <= tonumber(state[2] or 0) then
    redis.call('HSET', key, 'ttl', '1')
    redis.call('PEXPIRE', key, ARGV[7])
    redis.call('PEXPIRE', events, ARGV[7])
    redis.call('PEXPIRE', key .. ':changes', ARGV[7])
end
return 1
