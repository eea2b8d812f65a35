#!lua flags=allow-oom
-- Moves how far users have got and read conversations of one partition: forward only, and never beyond the last event. Tells
-- the others. What one move costs doesn't depend on how many members the conversation has. Allowed while Redis' memory is
-- full: it writes over what stands there.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 for how many participants at most the others are told, 2 whether all nodes hear of a group's cursors by its
--          channel: 1, or 0 where an older one has to be told by the members' own channels,
--          then per move: conversation, user, everything up to this message is delivered, everything up to this message is
--          read (0 for no move); the moves of one conversation stand side by side
-- returns  per move a code (0 moved, 1 unmoved, 2 cold, 3 not a member), then delivered and read as they are now

local MOVED, UNMOVED, COLD, NOT_MEMBER = 0, 1, 2, 3
local FIELDS = 4
local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local most, by_channel = tonumber(ARGV[1]), ARGV[2] == '1'

local function number(value)
    return string.format('%.0f', value)
end

local function conversation(id)
    local key = prefix .. 'c:' .. id
    local c = { id = id, members = key .. ':members', cursors = key .. ':cursors', moves = {} }
    c.last = tonumber(redis.call('HGET', key, 'last') or '')
    local facts = redis.call('HMGET', c.members, 'v', 'a', 'r', 'f')
    c.recipients = facts[3]
    if not c.last or not c.recipients or redis.call('EXISTS', c.cursors) == 0 then c.cold = true end
    -- The facts among the fields of the members are no users.
    local others = 0
    for at = 1, 4 do if facts[at] then others = others + 1 end end
    c.told = redis.call('HLEN', c.members) - others <= most
    return c
end

local function receipt(c, user, delivered, read)
    return table.concat({
        '1 r\n{"conversationId":"', c.id, '","userId":"', user, '","lastDeliveredMessageId":', number(delivered),
        ',"lastReadMessageId":', number(read), '}',
    })
end

local function tell(c, user, was, now)
    -- The user's other devices take the conversation for read, too.
    if now.read > was.read then
        redis.call('PUBLISH', 'u:' .. user, table.concat({
            '1 c\n{"event":"read","conversation":{"id":"', c.id, '","lastReadMessageId":', number(now.read), '}}',
        }))
    end
    if not c.told then return end
    if c.recipients ~= '-' then
        for other in string.gmatch(c.recipients, '[^,]+') do
            if other ~= user then redis.call('PUBLISH', 'u:' .. other, receipt(c, user, now.delivered, now.read)) end
        end
    elseif by_channel then
        table.insert(c.moves, table.concat({
            user, number(now.delivered), number(now.read), number(was.delivered), number(was.read),
        }, ' '))
    else
        for _, other in ipairs(redis.call('HKEYS', c.members)) do
            if #other == 36 and other ~= user then
                redis.call('PUBLISH', 'u:' .. other, receipt(c, user, now.delivered, now.read))
            end
        end
    end
end

local function finish(c)
    if c and #c.moves > 0 then
        redis.call('PUBLISH', prefix .. 'e:' .. c.id, '1 R ' .. c.id .. '\n' .. table.concat(c.moves, '\n'))
    end
end

local function move(c, user, delivered, read)
    if c.cold then return COLD, 0, 0 end
    if redis.call('HEXISTS', c.members, user) == 0 then return NOT_MEMBER, 0, 0 end
    local known = redis.call('HMGET', c.cursors, 'd:' .. user, 'r:' .. user)
    local was = { delivered = tonumber(known[1] or 0), read = tonumber(known[2] or 0) }
    local now = { read = math.max(was.read, math.min(read, c.last)) }
    now.delivered = math.max(was.delivered, now.read, math.min(delivered, c.last))
    if now.read == was.read and now.delivered == was.delivered then return UNMOVED, was.delivered, was.read end
    redis.call('HSET', c.cursors, 'd:' .. user, number(now.delivered), 'r:' .. user, number(now.read))
    tell(c, user, was, now)
    return MOVED, now.delivered, now.read
end

local reply = {}
local c
for at = 3, #ARGV, FIELDS do
    if not c or c.id ~= ARGV[at] then
        finish(c)
        c = conversation(ARGV[at])
    end
    local code, delivered, read = move(c, ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
    table.insert(reply, code)
    table.insert(reply, delivered)
    table.insert(reply, read)
end
finish(c)
return reply
