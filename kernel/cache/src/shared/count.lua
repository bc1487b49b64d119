-- One key, in one step: KEYS[1], and what is added (1, 0 or -1), the limit, the window in ms, then what this node knows of
-- the window: its count, the ms it has left, and the hits that it counted alone while this store was lost.
local add, limit, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known, left, owed = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local value = redis.pcall('GET', KEYS[1])
local ends = redis.call('PTTL', KEYS[1])
local count = type(value) == 'string' and tonumber(value) or nil
local fresh = not count or count < 0 or count > 4294967295 or count % 1 ~= 0 or ends <= 0 or ends > span
if fresh then
    -- Nothing here, or nothing of ours: another type, no number, no end. What the node knows is the best there is.
    if value then redis.call('DEL', KEYS[1]) end
    count, ends = 0, span
    if left > 0 then count, ends = known, left end
elseif math.abs(ends - left) <= span / 20 then
    count = math.max(count + owed, 0)
end
local allowed = count < limit and 1 or 0
if add < 0 then count = math.max(count - 1, 0) else count = count + add * allowed end
if fresh and (count > 0 or add > 0) then
    redis.call('SET', KEYS[1], string.format('%d', count), 'PX', ends)
elseif not fresh then
    redis.call('SET', KEYS[1], string.format('%d', count), 'KEEPTTL')
end
return { allowed, count, ends }
