#!lua flags=allow-oom
-- A process tells what it is. Allowed while Redis' memory is full: who isn't heard of counts as one of the first
-- release.
--
-- KEYS[1]  persister:<id>
-- ARGV     1 what it tells, 2 how long (ms) that is good
-- returns  1

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
