-- The moving part of a session that begins, or that was lost: only where there is none.
-- KEYS[1] the session; ARGV[1] how many milliseconds it is kept; then fields and values.
local row = redis.call('HMGET', KEYS[1], 'g', 'e')
if row[1] or row[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
