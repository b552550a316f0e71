-- Takes a hold back. KEYS[1] the session; ARGV[1] the mark of the hold.
if redis.call('HGET', KEYS[1], 'o') == ARGV[1] then redis.call('HDEL', KEYS[1], 'o') end
return 0
