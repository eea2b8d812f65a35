#!lua flags=no-writes
-- Reads a page of a conversation's events, and its state: so many events, and fewer where they are large. A page ends with
-- the event that reaches its bytes, so that it has one at least.
--
-- KEYS[1]  {tag}:c:<conversation>
-- ARGV     1 the first event id, 2 how many events and 3 how many bytes of them at most
-- returns  the entries, 1 where the bytes have ended the page or 0, then the state's `last` and `floor`

-- So many are read to see how large they are; then as many again as were read so far, for the next ones may be larger.
local PROBE = 16

local events = KEYS[1] .. ':events'
local count, room = tonumber(ARGV[2]), tonumber(ARGV[3])
local page, bytes, first = {}, 0, ARGV[1] .. '-0'

-- Whether there may be more, and room for it.
local function read(wanted)
    local entries = redis.call('XRANGE', events, first, '+', 'COUNT', wanted)
    for _, entry in ipairs(entries) do
        table.insert(page, entry)
        bytes = bytes + #(entry[2] and entry[2][2] or '')
        if bytes >= room then return false end
    end
    if #entries < wanted then return false end
    first = '(' .. entries[#entries][1]
    return true
end

local goes_on = true
while goes_on and #page < count do
    local fits = #page > 0 and bytes * 2 < room
    goes_on = read(math.min(fits and #page or PROBE, count - #page))
end

local state = redis.call('HMGET', KEYS[1], 'last', 'floor')
return { page, bytes >= room and 1 or 0, state[1], state[2] }
