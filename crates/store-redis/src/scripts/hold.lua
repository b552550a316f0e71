-- Holds a session at a generation while its end is written elsewhere.
-- KEYS[1] the session; ARGV[1] the generation.
-- Answers the mark of the hold; 'held' when somebody else holds it; nothing when it stands elsewhere.
local row = redis.call('HMGET', KEYS[1], 'g', 'o', 'e')
if row[3] then return false end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- A mark of the future is of a Redis whose clock was ahead.
if row[2] and math.abs(now - row[2]) < 10000000 then return 'held' end
-- Of a session that was lost nothing is known; it counts as standing at its beginning.
if (row[1] or '0') ~= ARGV[1] then return false end
local mark = string.format('%.0f', now)
redis.call('HSET', KEYS[1], 'o', mark)
if not row[1] then redis.call('PEXPIRE', KEYS[1], 60000) end
return mark
