-- The moving part of a session that is copied here from its row: in the place of anything but a newer one.
-- KEYS[1] the session; ARGV: 1 how many milliseconds it is kept, 2 its generation; then fields and values.
local row = redis.call('HMGET', KEYS[1], 'g', 'e')
if row[1] and not row[2] and tonumber(row[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
