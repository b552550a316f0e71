-- A rotation: applies if the session stands as it was decided on. Sent twice, it moves once.
-- KEYS[1] the session; ARGV: 1 the generation and 2 the hash that were decided on, 3 now, 4 when it ends unless it is
-- refreshed, 5 whether the device secret was shown, 6 until when it lives by its row, or 0; then fields and values.
-- Answers 1 moved, 0 stands elsewhere, 2 somebody is about to end it, 3 nothing is known of it, 4 its idle time is up by
-- what is known here.
local row = redis.call('HMGET', KEYS[1], 'g', 'h', 'i', 'x', 'd', 'o', 'e')
if row[7] then return 0 end
if row[6] then
  local time = redis.call('TIME')
  if math.abs(time[1] * 1000000 + time[2] - row[6]) < 10000000 then return 2 end
end
if not row[1] then return 3 end
if row[1] ~= ARGV[1] or row[2] ~= ARGV[2] then return 0 end
local now = tonumber(ARGV[3])
if tonumber(row[4]) <= now then return 0 end
if math.max(tonumber(row[3]), tonumber(ARGV[6])) <= now then return 4 end
-- The limits are kept even against a caller who asks for more. The texts are stored, never the numbers: those would lose
-- their last digits.
local idle = ARGV[4]
if tonumber(idle) > tonumber(row[4]) then idle = row[4] end
local shown = ARGV[5]
if row[5] == '1' then shown = '1' end
redis.call('HSET', KEYS[1], 'i', idle, 'd', shown, unpack(ARGV, 7))
return 1
