#!lua flags=allow-oom
-- Publishes one payload on the channels of several users: it crosses the network to Redis once.
--
-- ARGV     1 the payload, then the users

for at = 2, #ARGV do redis.call('PUBLISH', 'u:' .. ARGV[at], ARGV[1]) end
return 0
