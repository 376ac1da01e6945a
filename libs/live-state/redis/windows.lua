-- Sliding windows of one logical key. Their shape is `limit/length,` of each, lengths in µs. Times are this server's, in µs.
--
-- Calls are kept in one ring of timestamps, which serves every window of at most 1,000 exactly. A window above that has buckets of
-- a hundredth of its length; every bucket that overlaps the window counts whole, so it may refuse early but never admits late.
--
-- The state is one string, of which a call reads and writes as little as it can:
--   shape '|' kinds '|'                 text; per window 'r' (ring) or 'b' (buckets)
--   capacity, written, newest, expiry   d each: slots of the ring, calls ever written to it, the newest of them, when Redis forgets all
--   of each window, in order            'r': how many calls were written before the oldest that it held when it was last counted, d
--                                       'b': newest bucket, total, count of the newest bucket, d each
--   of each window with buckets         101 slots, I4 each; that of the newest bucket is not up to date
--   the ring                            d each; it grows as it fills
-- When limits change the shape differs, and the calls that are kept are laid out anew. No call that still counts is forgotten.
--
-- No time is before that of the newest call, so windows only ever move on: `state.now`.
local RING_MAX, BUCKETS = 1000, 100
local SLOTS = BUCKETS + 1
local EMPTY_SLOTS = string.rep('\0', SLOTS * 4)
-- Long enough for text and numbers of the usual plans.
local HEAD_BYTES = 192
-- A window that is called steadily loses no more than a few calls between two.
local FEW_TIMES = 4
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
local pack, unpack_one, sub = struct.pack, struct.unpack, string.sub

-- Of each shape and each kinds that this script has met.
local lengths_and_limits, formats = {}, {}

local function limits_of(shape)
  local limits = lengths_and_limits[shape]
  if limits then return limits end
  limits = {}
  for limit, length in string.gmatch(shape, '(%d+)/(%d+),') do
    limits[#limits + 1] = { limit = tonumber(limit), length = tonumber(length) }
  end
  lengths_and_limits[shape] = limits
  return limits
end

local function format_of(kinds)
  local format = formats[kinds]
  if not format then
    format = '<dddd' .. string.gsub(string.gsub(kinds, 'r', 'd'), 'b', 'ddd')
    formats[kinds] = format
  end
  return format
end

-- Moves the newest bucket to the present; what has left the window no longer counts.
local function advance(state, window)
  local present = max(window.last, floor(state.now / window.width))
  window.present, window.present_count = present, window.last_count
  if present == window.last then return end
  window.present_count = 0
  window.slots = redis.call('GETRANGE', state.key, window.slots_at, window.slots_at + SLOTS * 4 - 1)
  if window.last > present - SLOTS then
    local at = window.last % SLOTS * 4
    window.slots = sub(window.slots, 1, at) .. pack('<I4', window.last_count) .. sub(window.slots, at + 5)
    for bucket = window.last + 1, present do
      local slot = bucket % SLOTS * 4
      window.used = window.used - unpack_one('<I4', window.slots, slot + 1)
      window.slots = sub(window.slots, 1, slot) .. '\0\0\0\0' .. sub(window.slots, slot + 5)
    end
  else
    window.used, window.slots = 0, EMPTY_SLOTS
  end
  window.moved = true
end

-- Tables are made with all their fields: one that grows is laid out anew each time.
local function read_state(key, head, shape)
  local limits = limits_of(shape)
  local numbers_at = #shape + #limits + 2
  local kinds = sub(head, #shape + 2, numbers_at - 1)
  local format = format_of(kinds)
  local size = struct.size(format)
  if #head < numbers_at + size then head = redis.call('GETRANGE', key, 0, numbers_at + size - 1) end
  local numbers = { unpack_one(format, head, numbers_at + 1) }
  local newest = numbers[3]
  local state = {
    key = key, numbers_at = numbers_at, format = format, numbers = numbers,
    capacity = numbers[1], written = numbers[2], newest = newest, expiry = numbers[4],
    now = newest > now and newest or now, windows = {}, ring_at = 0,
  }
  local number, at = 5, numbers_at + size
  for i = 1, #limits do
    local limit, window = limits[i], nil
    if string.byte(kinds, i) == 98 then -- 'b'
      window = {
        limit = limit.limit, length = limit.length, used = numbers[number + 1], reset = 0, number = number,
        width = limit.length / BUCKETS, last = numbers[number], last_count = numbers[number + 2], slots_at = at,
        present = 0, present_count = 0, slots = false, moved = false,
      }
      number, at = number + 3, at + SLOTS * 4
      advance(state, window)
    else
      window = { limit = limit.limit, length = limit.length, used = 0, reset = 0, number = number, first = numbers[number] }
      number = number + 1
    end
    state.windows[i] = window
  end
  state.ring_at = at
  return state
end

local function slot_count(state, window, bucket)
  if bucket == window.present then return window.present_count end
  window.slots = window.slots or redis.call('GETRANGE', state.key, window.slots_at, window.slots_at + SLOTS * 4 - 1)
  return (unpack_one('<I4', window.slots, bucket % SLOTS * 4 + 1))
end

-- Times of the calls from `first` on, by how many were written before it, in one string.
local function times_from(state, first, count)
  local slot = first % state.capacity
  local till_wrap = min(count, state.capacity - slot)
  local at = state.ring_at + slot * 8
  local times = redis.call('GETRANGE', state.key, at, at + till_wrap * 8 - 1)
  if till_wrap == count then return times end
  return times .. redis.call('GETRANGE', state.key, state.ring_at, state.ring_at + (count - till_wrap) * 8 - 1)
end

local function time_in(times, place)
  return (unpack_one('<d', times, place * 8 + 1))
end

-- How many calls were written before the oldest that the window holds.
local function first_inside(state, window)
  local first, edge = window.first, state.now - window.length
  -- Nothing is left where the clock was set back since it was laid out: what has left the window stays outside.
  if state.newest <= edge or first == state.written then return state.written end
  local count = min(FEW_TIMES, state.written - first)
  local times = times_from(state, first, count)
  if time_in(times, count - 1) <= edge then
    first = first + count
    count = state.written - first
    times = times_from(state, first, count)
  end
  local low, high = 0, count
  while low < high do
    local middle = floor((low + high) / 2)
    if time_in(times, middle) > edge then high = middle else low = middle + 1 end
  end
  return first + low
end

-- Every call that is kept, as { time, count }, oldest first. What only buckets know is put at its bucket's end: never too early.
local function calls_of(state)
  local calls, bucketed = {}, {}
  local kept = min(state.written, state.capacity)
  local times = kept > 0 and times_from(state, state.written - kept, kept)
  for place = 0, kept - 1 do
    calls[place + 1] = { time_in(times, place), 1 }
  end
  for _, window in ipairs(state.windows) do
    if window.width then bucketed[#bucketed + 1] = window end
  end
  table.sort(bucketed, function(a, b) return a.width < b.width end)
  for _, window in ipairs(bucketed) do
    local known = {}
    for _, call in ipairs(calls) do
      local bucket = floor(call[1] / window.width)
      known[bucket] = (known[bucket] or 0) + call[2]
    end
    for bucket = window.present - BUCKETS, window.present do
      local missing = slot_count(state, window, bucket) - (known[bucket] or 0)
      if missing > 0 then calls[#calls + 1] = { min((bucket + 1) * window.width - 1, state.now), missing } end
    end
  end
  table.sort(calls, function(a, b) return a[1] < b[1] end)
  return calls
end

local function count_since(calls, after)
  local count = 0
  for _, call in ipairs(calls) do
    if call[1] > after then count = count + call[2] end
  end
  return count
end

-- Buckets of a window that hold `calls` at the time `at`: their numbers and their slots.
local function buckets_of(calls, window, at)
  local width = window.length / BUCKETS
  local present, counts, total, slots = floor(at / width), {}, 0, {}
  for _, call in ipairs(calls) do
    local bucket = min(floor(call[1] / width), present)
    if bucket >= present - BUCKETS then
      counts[bucket % SLOTS] = (counts[bucket % SLOTS] or 0) + call[2]
      total = total + call[2]
    end
  end
  for slot = 0, BUCKETS do
    slots[slot + 1] = pack('<I4', counts[slot] or 0)
  end
  return pack('<ddd', present, total, counts[present % SLOTS] or 0), next(counts) and table.concat(slots) or EMPTY_SLOTS
end

-- A state for `limits` that holds `calls`, none of which is later than `at`.
local function lay_out(calls, limits, shape, at)
  local kinds, slots, capacity, longest = {}, {}, 0, 0
  local numbers = {}
  for i, window in ipairs(limits) do
    local live = count_since(calls, at - window.length)
    if window.limit > RING_MAX or live > RING_MAX then
      kinds[i] = 'b'
      numbers[i], slots[#slots + 1] = buckets_of(calls, window, at)
    else
      kinds[i] = 'r'
      numbers[i] = live
      capacity, longest = max(capacity, window.limit, live), max(longest, window.length)
    end
  end
  local ring, newest = {}, 0
  for _, call in ipairs(calls) do
    newest = max(newest, call[1])
    if call[1] > at - longest then
      for _ = 1, call[2] do
        ring[#ring + 1] = pack('<d', call[1])
      end
    end
  end
  for i, kind in ipairs(kinds) do
    if kind == 'r' then numbers[i] = pack('<d', #ring - numbers[i]) end
  end
  local text = shape .. '|' .. table.concat(kinds) .. '|'
  return text .. pack('<dddd', capacity, #ring, newest, 0) .. table.concat(numbers) .. table.concat(slots) .. table.concat(ring)
end

local function longest_of(windows)
  local longest = 0
  for _, window in ipairs(windows) do
    longest = max(longest, window.length + (window.width or 0))
  end
  return longest
end

local function open(key, shape)
  local head = redis.call('GETRANGE', key, 0, HEAD_BYTES - 1)
  if sub(head, 1, #shape + 1) == shape .. '|' then return read_state(key, head, shape) end
  local calls, at, longest = {}, now, longest_of(limits_of(shape))
  if head ~= '' then
    local former = read_state(key, head, string.match(redis.call('GET', key), '^[^|]*'))
    calls, at = calls_of(former), former.now
  end
  -- At once, even if this call is refused: it is done once per change of limits and not on every refusal.
  redis.call('SET', key, lay_out(calls, limits_of(shape), shape, at), 'PX', ceil(longest / 1000))
  return read_state(key, redis.call('GETRANGE', key, 0, HEAD_BYTES - 1), shape)
end

-- Finds how much of the window is used and when all of it is free again. Answers when `excess` calls have left it.
local function examine_window(state, window, cost)
  if window.width then
    window.reset = window.used == 0 and now or (window.last + 1) * window.width + window.length
    local excess, bucket = window.used + cost - window.limit, window.present - BUCKETS
    while excess > 0 and bucket <= window.present do
      excess = excess - slot_count(state, window, bucket)
      bucket = bucket + 1
    end
    return bucket * window.width + window.length
  end
  window.first = first_inside(state, window)
  window.used = state.written - window.first
  window.reset = window.used == 0 and now or state.newest + window.length
  local excess = min(window.used + cost - window.limit, window.used)
  return excess > 0 and time_in(times_from(state, window.first + excess - 1, 1), 0) + window.length or now
end

local function write_times(state, cost)
  local slot, time = state.written % state.capacity, pack('<d', state.now)
  local till_wrap = min(cost, state.capacity - slot)
  redis.call('SETRANGE', state.key, state.ring_at + slot * 8, string.rep(time, till_wrap))
  if till_wrap < cost then redis.call('SETRANGE', state.key, state.ring_at, string.rep(time, cost - till_wrap)) end
  state.written = state.written + cost
end

local function save(state, cost)
  local longest = longest_of(state.windows)
  if state.expiry < now + longest then
    -- Twice as long as needed, so that a busy key says so once per window and not on every call.
    state.expiry = now + 2 * longest
    redis.call('PEXPIRE', state.key, ceil(2 * longest / 1000))
  end
  if state.capacity > 0 then write_times(state, cost) end
  local numbers = state.numbers
  numbers[2], numbers[3], numbers[4] = state.written, state.now, state.expiry
  for _, window in ipairs(state.windows) do
    local number = window.number
    window.used = window.used + cost
    if window.width then
      if window.moved then redis.call('SETRANGE', state.key, window.slots_at, window.slots) end
      numbers[number], numbers[number + 1], numbers[number + 2] = window.present, window.used, window.present_count + cost
      window.reset = (window.present + 1) * window.width + window.length
    else
      numbers[number] = window.first
      window.reset = state.now + window.length
    end
  end
  redis.call('SETRANGE', state.key, state.numbers_at, pack(state.format, unpack(numbers)))
end

-- Counts `cost` in all windows or in none; a cost of 0 is a look, which nothing refuses. Answers the windows, with `used` and `reset`, and
-- the wait in ms when it was not counted.
local function consume(key, shape, cost)
  local state, refused_until = open(key, shape), nil
  for _, window in ipairs(state.windows) do
    local wait_until = examine_window(state, window, cost)
    if cost > 0 and window.used + cost > window.limit then
      -- More than the whole limit never passes; the window's length is as good an answer as any.
      if cost > window.limit then wait_until = now + window.length end
      refused_until = max(refused_until or 0, wait_until)
    end
  end
  if cost > 0 and not refused_until then save(state, cost) end
  return state.windows, refused_until and max(1, ceil((refused_until - now) / 1000))
end
