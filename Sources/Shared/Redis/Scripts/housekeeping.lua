#!lua flags=allow-oom
-- Carries out a write that goes on while Redis' memory is full: what it keeps alive are those who make room, and what it
-- takes is bounded elsewhere.
--
-- KEYS[1]  the key
-- ARGV     1 the command, then its arguments behind the key

return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
