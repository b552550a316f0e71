-- Puts one back that was taken. KEYS[1] the bucket; ARGV: 1 now, 2 how long it takes to regain one, in microseconds.
local before = redis.call('GET', KEYS[1])
if not before then return 0 end
local after = tonumber(before) - tonumber(ARGV[2])
if after <= tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'KEEPTTL')
return 0
