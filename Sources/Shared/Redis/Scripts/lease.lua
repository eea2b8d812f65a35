#!lua flags=allow-oom
-- Prolongs or ends the ownership of a partition, for the one who has it.
--
-- KEYS[1]  {tag}:stream
-- ARGV     1 owner's token, 2 how long (ms) it is prolonged, 0 to end it
-- returns  1, or 0 when the token isn't the owner's

local key = string.match(KEYS[1], '^({[^}]*}:)') .. 'owner'
if redis.call('GET', key) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
    redis.call('DEL', key)
else
    redis.call('PEXPIRE', key, ARGV[2])
end
return 1
