#!lua
-- Puts a dead letter back into its partition's stream, behind everything else, so that the persister tries it again.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 the dead letter's id
-- returns  1, or 0 when there is no such dead letter

local prefix = string.match(KEYS[1], '^({[^}]*}:)')
local dead = prefix .. 'dead'
local found = redis.call('XRANGE', dead, ARGV[1], ARGV[1])
if #found == 0 then return 0 end
local fields = found[1][2]
for position = 1, #fields, 2 do
    if fields[position] == 'e' then
        redis.call('XADD', KEYS[1], '*', 'e', fields[position + 1])
        redis.call('INCRBY', prefix .. 'bytes', #fields[position + 1])
    end
end
redis.call('XDEL', dead, ARGV[1])
return 1
