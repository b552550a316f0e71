-- Takes one from a bucket, by the rule of rotunda_core::limits::gcra, in microseconds.
-- KEYS[1] the bucket; ARGV: 1 now, 2 how long it takes to regain one, 3 how long an empty bucket takes to be full.
-- Answers 0 when it was there to be taken, otherwise how many microseconds to wait.
local now, per = tonumber(ARGV[1]), tonumber(ARGV[2])
local empty = now + tonumber(ARGV[3])
local before = tonumber(redis.call('GET', KEYS[1]) or now)
before = math.min(math.max(before, now), empty)
local after, wait = before + per, 0
if after > empty then wait, after = after - empty, before end
local keep = math.max(math.ceil((after - now) / 1000), 1)
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', string.format('%.0f', keep))
return wait
