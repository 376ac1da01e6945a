-- Sliding windows of one logical key. Their shape is `limit/length,` of each, lengths in µs. Times are this server's, in µs.
--
-- Calls are kept in one ring of timestamps, which serves every window of at most 1,000 exactly. A window above that has buckets of
-- a hundredth of its length; every bucket that overlaps the window counts whole, so it may refuse early but never admits late.
--
-- The state is one string:
--   shape '|' kinds '|'                 text; per window 'r' (ring) or 'b' (buckets)
--   capacity, written, kept, newest     d each: of the ring
--   expiry                              d: when Redis forgets all of it
--   of each window with buckets: newest bucket, total     d each
--   of each window with buckets: 101 slots                I4 each
--   the ring                            d each; it grows as it fills
-- When limits change the shape differs, and the calls that are kept are laid out anew. No call that still counts is forgotten.
local RING_MAX, BUCKETS = 1000, 100
local SLOTS = BUCKETS + 1
local EMPTY_SLOTS = string.rep('\0', SLOTS * 4)
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
local pack, unpack_one = struct.pack, struct.unpack

local function windows_of(shape)
  local windows = {}
  for limit, length in string.gmatch(shape, '(%d+)/(%d+),') do
    windows[#windows + 1] = { limit = tonumber(limit), length = tonumber(length) }
  end
  return windows
end

-- Moves the newest bucket to the present; what has left the window no longer counts. `aged`: slots to empty when this is saved.
local function advance(state, window)
  local present = max(window.last, floor(now / window.width))
  window.aged, window.is_aged = {}, {}
  for step = 1, min(present - window.last, SLOTS) do
    local slot = (window.last + step) % SLOTS
    window.total = window.total - unpack_one('<I4', state.value, window.slots_at + slot * 4 + 1)
    window.aged[step] = slot
    window.is_aged[slot] = true
  end
  window.present = present
end

local function read_state(value, windows)
  local shape_end = string.find(value, '|', 1, true)
  local state = { value = value, windows = windows, header_at = shape_end + #windows + 1 }
  state.capacity, state.written, state.kept, state.newest, state.expiry = unpack_one('<ddddd', value, state.header_at + 1)
  local at, bucketed = state.header_at + 40, {}
  for i, window in ipairs(windows) do
    if string.byte(value, shape_end + i) == 98 then -- 'b'
      window.width = window.length / BUCKETS
      window.last, window.total = unpack_one('<dd', value, at + 1)
      bucketed[#bucketed + 1] = window
      at = at + 16
    end
  end
  state.bucketed = bucketed
  for _, window in ipairs(bucketed) do
    window.slots_at = at
    at = at + SLOTS * 4
    advance(state, window)
  end
  state.ring_at = at
  return state
end

local function slot_count(state, window, bucket)
  local slot = bucket % SLOTS
  if window.is_aged[slot] then return 0 end
  return (unpack_one('<I4', state.value, window.slots_at + slot * 4 + 1))
end

-- `place` 0 is the oldest call that the ring keeps.
local function ring_time(state, place)
  local slot = (state.written - state.kept + place) % state.capacity
  return (unpack_one('<d', state.value, state.ring_at + slot * 8 + 1))
end

local function first_place_inside(state, length)
  local low, high = 0, state.kept
  while low < high do
    local middle = floor((low + high) / 2)
    if ring_time(state, middle) > now - length then high = middle else low = middle + 1 end
  end
  return low
end

-- Every call that is kept, as { time, count }, oldest first. What only buckets know is put at its bucket's end: never too early.
local function calls_of(state)
  local calls = {}
  for place = 0, state.kept - 1 do
    calls[place + 1] = { ring_time(state, place), 1 }
  end
  table.sort(state.bucketed, function(a, b) return a.width < b.width end)
  for _, window in ipairs(state.bucketed) do
    local known = {}
    for _, call in ipairs(calls) do
      local bucket = floor(call[1] / window.width)
      known[bucket] = (known[bucket] or 0) + call[2]
    end
    for bucket = window.present - BUCKETS, window.present do
      local missing = slot_count(state, window, bucket) - (known[bucket] or 0)
      if missing > 0 then calls[#calls + 1] = { min((bucket + 1) * window.width - 1, now), missing } end
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

local function slots_of(calls, window)
  local width = window.length / BUCKETS
  local present, counts, total, slots = floor(now / width), {}, 0, {}
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
  return pack('<dd', present, total), next(counts) and table.concat(slots) or EMPTY_SLOTS
end

-- A state for `windows` that holds `calls`.
local function lay_out(calls, windows, shape)
  local kinds, heads, slots, capacity, longest = {}, {}, {}, 0, 0
  for i, window in ipairs(windows) do
    local live = count_since(calls, now - window.length)
    if window.limit > RING_MAX or live > RING_MAX then
      kinds[i] = 'b'
      heads[#heads + 1], slots[#slots + 1] = slots_of(calls, window)
    else
      kinds[i] = 'r'
      capacity, longest = max(capacity, window.limit, live), max(longest, window.length)
    end
  end
  local ring, newest = {}, 0
  for _, call in ipairs(calls) do
    if call[1] > now - longest then
      for _ = 1, call[2] do
        ring[#ring + 1] = pack('<d', call[1])
      end
      newest = call[1]
    end
  end
  local header = pack('<ddddd', capacity, #ring, #ring, newest, 0)
  return shape .. '|' .. table.concat(kinds) .. '|' .. header .. table.concat(heads) .. table.concat(slots) .. table.concat(ring)
end

local function longest_of(windows)
  local longest = 0
  for _, window in ipairs(windows) do
    longest = max(longest, window.length + (window.width or 0))
  end
  return longest
end

local function open(key, shape, windows)
  local value = redis.call('GET', key)
  if value and string.sub(value, 1, #shape + 1) == shape .. '|' then return read_state(value, windows) end
  local calls = {}
  if value then
    local old = string.match(value, '^[^|]*')
    calls = calls_of(read_state(value, windows_of(old)))
  end
  local state = read_state(lay_out(calls, windows, shape), windows)
  if value then
    -- At once, even if this call is refused: it is done once per change of limits and not on every refusal.
    redis.call('SET', key, state.value, 'PX', ceil(longest_of(windows) / 1000))
  else
    state.new = true
  end
  return state
end

-- How much of the window is used; when it must wait for `excess` calls to leave it; when all of it is free again.
local function examine_window(state, window, cost)
  if window.width then
    local used, wait_until = window.total, 0
    local excess = used + cost - window.limit
    local bucket = window.present - BUCKETS
    while excess > 0 and bucket <= window.present do
      excess = excess - slot_count(state, window, bucket)
      bucket = bucket + 1
      wait_until = bucket * window.width + window.length
    end
    return used, wait_until, used == 0 and now or (window.last + 1) * window.width + window.length
  end
  local first = first_place_inside(state, window.length)
  local used, wait_until = state.kept - first, 0
  local excess = used + cost - window.limit
  if excess > 0 and used > 0 then wait_until = ring_time(state, min(first + excess, state.kept) - 1) + window.length end
  return used, wait_until, used == 0 and now or state.newest + window.length
end

local function save(key, state, cost)
  if state.new then redis.call('SET', key, state.value) end
  local at, longest = max(now, state.newest), longest_of(state.windows)
  if state.expiry < now + longest then
    -- Twice as long as needed, so that a busy key says so once per window and not on every call.
    state.expiry = now + 2 * longest
    redis.call('PEXPIRE', key, ceil(2 * longest / 1000))
  end
  if state.capacity > 0 then
    for _ = 1, cost do
      redis.call('SETRANGE', key, state.ring_at + (state.written % state.capacity) * 8, pack('<d', at))
      state.written = state.written + 1
    end
    state.kept, state.newest = min(state.kept + cost, state.capacity), at
  end
  local header = pack('<ddddd', state.capacity, state.written, state.kept, state.newest, state.expiry)
  for _, window in ipairs(state.bucketed) do
    for _, slot in ipairs(window.aged) do
      redis.call('SETRANGE', key, window.slots_at + slot * 4, '\0\0\0\0')
    end
    local slot, count = window.present % SLOTS, slot_count(state, window, window.present) + cost
    redis.call('SETRANGE', key, window.slots_at + slot * 4, pack('<I4', count))
    header = header .. pack('<dd', window.present, window.total + cost)
  end
  redis.call('SETRANGE', key, state.header_at, header)
end

-- Counts `cost` in all windows or in none. Answers nil when it was counted, else the wait in ms; and remaining and reset (Unix ms)
-- of each window.
local function consume(key, shape, cost)
  local windows = windows_of(shape)
  local state, states, refused_until = open(key, shape, windows), {}, nil
  local used, resets = {}, {}
  for i, window in ipairs(windows) do
    local wait_until
    used[i], wait_until, resets[i] = examine_window(state, window, cost)
    if used[i] + cost > window.limit then
      -- More than the whole limit never passes; the window's length is as good an answer as any.
      if cost > window.limit then wait_until = now + window.length end
      refused_until = max(refused_until or 0, wait_until)
    end
  end
  if not refused_until then save(key, state, cost) end
  for i, window in ipairs(windows) do
    local reset = resets[i]
    if not refused_until then
      used[i] = used[i] + cost
      reset = window.width and (window.present + 1) * window.width + window.length or state.newest + window.length
    end
    states[#states + 1] = max(0, window.limit - used[i])
    states[#states + 1] = ceil(reset / 1000)
  end
  return refused_until and max(1, ceil((refused_until - now) / 1000)), states
end
