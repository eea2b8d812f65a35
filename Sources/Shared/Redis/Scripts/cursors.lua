#!lua flags=no-writes
-- Reads how far the participants of a conversation have got and read it, where anybody asks for it: in a larger one the hash
-- has two fields for each of its members, and isn't read.
--
-- KEYS[1]  {tag}:c:<conversation>:cursors
-- ARGV     1 of how many participants at most the cursors are read
-- returns  the hash, or nothing

-- One field is its format.
if redis.call('HLEN', KEYS[1]) > 2 * tonumber(ARGV[1]) + 1 then return {} end
return redis.call('HGETALL', KEYS[1])
