#!lua flags=no-writes
-- Reads the messages of a conversation that stand in its cache, each in its newest state: so many, and fewer where they
-- are large. A part ends with the message that reaches its bytes, so that it has one at least, unless edits lie in the
-- way.
--
-- KEYS[1]  {tag}:c:<conversation>
-- ARGV     1 the lowest and 2 the highest message id, 3 'oldest' or 'newest', which come first, 4 how many messages and
--          5 how many bytes of them at most
-- returns  the entries, the id up to which all were read or '' where nothing is beyond in the cache, the floor, and
--          what was changed: message, its last event, and so on

-- So many entries are read at once.
local PROBE = 16
-- Edits lie between the messages: beyond so many bytes of entries Redis serves others before it reads on.
local LOOK = 4194304

local events = KEYS[1] .. ':events'
local floor = tonumber(redis.call('HGET', KEYS[1], 'floor') or '')
local changes = redis.call('HGETALL', KEYS[1] .. ':changes')
-- Without the state nothing is known to be whole.
if not floor then return { {}, '', false, changes } end

local lowest, highest = math.max(tonumber(ARGV[1]), floor + 1), tonumber(ARGV[2])
local is_upward = ARGV[3] == 'oldest'
local count, room = tonumber(ARGV[4]), tonumber(ARGV[5])

local function number(value) return string.format('%.0f', value) end

local function precedes(one, other)
    if is_upward then return one < other end
    return one > other
end

-- The messages in question that were changed, in order, and where their states stand.
local changed, states = {}, {}
for position = 1, #changes, 2 do
    local id = tonumber(changes[position])
    if id >= lowest and id <= highest then
        table.insert(changed, id)
        states[id] = changes[position + 1] .. '-0'
    end
end
table.sort(changed, precedes)

local page, bytes, reached = {}, 0, nil

local function size(entry) return #(entry[2] and entry[2][2] or '') end

local function is_full() return #page >= count or bytes >= room end

local function add(entry, id)
    table.insert(page, entry)
    bytes = bytes + size(entry)
    reached = id
end

-- Adds the changed messages up to an id, or all that are left.
local place = 1
local function add_changed(id)
    while changed[place] and not is_full() and (not id or not precedes(id, changed[place])) do
        local message = changed[place]
        local state = redis.call('XRANGE', events, states[message], states[message])[1]
        if state then add(state, message) end
        place = place + 1
    end
end

local first = number(is_upward and lowest or highest) .. '-0'

local function read()
    if is_upward then return redis.call('XRANGE', events, first, '+', 'COUNT', PROBE) end
    return redis.call('XREVRANGE', events, first, number(lowest) .. '-0', 'COUNT', PROBE)
end

local looked, is_whole = 0, lowest > highest
while not is_whole and not is_full() and looked < LOOK do
    local entries = read()
    for _, entry in ipairs(entries) do
        local id = tonumber(string.match(entry[1], '^%d+'))
        add_changed(id)
        if is_full() then break end
        looked = looked + size(entry)
        reached = id
        if not states[id] and string.sub(entry[2] and entry[2][2] or '', 1, 4) == '1 m ' then add(entry, id) end
        if is_full() then break end
        first = '(' .. entry[1]
    end
    is_whole = #entries < PROBE and not is_full()
end
if is_whole then
    add_changed()
    is_whole = not is_full()
end
return { page, is_whole and '' or number(reached), number(floor), changes }
