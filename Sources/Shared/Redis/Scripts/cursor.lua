#!lua
-- Moves how far a user has got and read a conversation: forward only, and never beyond its last event. Tells the others.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 conversation, 2 user, 3 everything up to this message is delivered, 4 everything up to this message is read
--          (0 for no move), 5 for how many participants at most the others are told
-- returns  a code (0 moved, 1 unmoved, 2 cold, 3 not a member), then delivered and read as they are now

local MOVED, UNMOVED, COLD, NOT_MEMBER = 0, 1, 2, 3
local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local key = prefix .. 'c:' .. ARGV[1]
local members, cursors = key .. ':members', key .. ':cursors'

local last = redis.call('HGET', key, 'last')
if not last or redis.call('EXISTS', members) == 0 or redis.call('EXISTS', cursors) == 0 then return { COLD, 0, 0 } end
if redis.call('HEXISTS', members, ARGV[2]) == 0 then return { NOT_MEMBER, 0, 0 } end

local known = redis.call('HMGET', cursors, 'd:' .. ARGV[2], 'r:' .. ARGV[2])
local delivered, read = tonumber(known[1] or 0), tonumber(known[2] or 0)
local new_read = math.max(read, math.min(tonumber(ARGV[4]), tonumber(last)))
local new_delivered = math.max(delivered, new_read, math.min(tonumber(ARGV[3]), tonumber(last)))
if new_read == read and new_delivered == delivered then return { UNMOVED, delivered, read } end

local function number(value)
    return string.format('%.0f', value)
end

redis.call('HSET', cursors, 'd:' .. ARGV[2], number(new_delivered), 'r:' .. ARGV[2], number(new_read))
local fields = redis.call('HKEYS', members)
local payload = table.concat({
    '1 r\n{"conversationId":"', ARGV[1], '","userId":"', ARGV[2], '","lastDeliveredMessageId":', number(new_delivered),
    ',"lastReadMessageId":', number(new_read), '}',
})
-- Three fields of the members are no users.
if #fields - 3 <= tonumber(ARGV[5]) then
    for _, user in ipairs(fields) do
        if #user == 36 and user ~= ARGV[2] then redis.call('PUBLISH', 'u:' .. user, payload) end
    end
end
-- His other devices take the conversation for read, too.
if new_read > read then
    redis.call('PUBLISH', 'u:' .. ARGV[2], table.concat({
        '1 c\n{"event":"read","conversation":{"id":"', ARGV[1], '","lastReadMessageId":', number(new_read), '}}',
    }))
end
return { MOVED, new_delivered, new_read }
