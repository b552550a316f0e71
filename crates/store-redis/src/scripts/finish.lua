-- The session has ended: it moves no more, and is soon forgotten here.
-- KEYS[1] the session; ARGV[1] for how many milliseconds it is still kept.
redis.call('HSET', KEYS[1], 'e', '1')
redis.call('HDEL', KEYS[1], 'o')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 0
