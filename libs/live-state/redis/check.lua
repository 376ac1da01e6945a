-- Checks of one turn of the event loop. Each is decided beforehand on bodies that the caller knows; this proves that they
-- are still what is true, compares the credential's end with the clock, and counts: all or nothing.
--
-- KEYS: a fence per owner; the entry of each subject; then, for each check that counts something, the state of its windows.
-- ARGV: one JSON object, as that is read much faster than many arguments:
--   owners    how many
--   subjects  of each: place of its owner, header of the body that was decided on ('' = not known). Checks of one workspace share most
--   checks    of each: places of its subjects; and, unless nothing is to be counted, end (µs, 0 = none), cost, shape of the windows
--             ('' = unlimited)
-- Answers the time (µs), the live incarnation of each owner ('' = no fence holds), place and finding of each subject that is not as
-- expected:
local UNREADABLE, ASK_OWNER, AS_EXPECTED = -1, 0, 1 -- or a newer entry
-- and in JSON, of all checks one after another:
local STALE, CURRENT, ENDED, LIMITED, FAILED = 0, 1, 2, 3, 4
--   STALE    a subject is not as expected
--   CURRENT  as expected; of each window: remaining, reset (ms)
--   ENDED    the credential's end has passed
--   LIMITED  retry after (ms); of each window: remaining, reset (ms)
--   FAILED   an error of this check alone
local call = cjson.decode(ARGV[1])
local next_key = 0
local function key()
  next_key = next_key + 1
  return KEYS[next_key]
end

local fences = {}
for owner = 1, call.owners do
  fences[owner] = live_incarnation(key())
end

local function examine(entry_key, fence, expected)
  if fence == '' then return ASK_OWNER end
  local prefix = fence .. ':'
  if sub(expected, 1, #prefix) == prefix and redis.call('GETRANGE', entry_key, 0, #expected - 1) == expected then
    return AS_EXPECTED
  end
  local entry = redis.call('GET', entry_key)
  if entry and string.find(entry, '^' .. prefix .. '%d+=') then return entry end
  return ASK_OWNER
end

local found, unexpected = {}, {}
for place, subject in ipairs(call.subjects) do
  local fine, finding = pcall(examine, key(), fences[subject[1]], subject[2])
  found[place] = fine and finding or UNREADABLE
  if found[place] ~= AS_EXPECTED then
    unexpected[#unexpected + 1] = place
    unexpected[#unexpected + 1] = found[place]
  end
end

local function proven(places)
  for _, place in ipairs(places) do
    if found[place] == UNREADABLE then return FAILED end
    if found[place] ~= AS_EXPECTED then return STALE end
  end
  return CURRENT
end

local answers = {}
local function say(number)
  answers[#answers + 1] = number
end

local function count_call(windows_key, shape, cost)
  local fine, windows, wait_ms = pcall(consume, windows_key, shape, cost)
  if not fine then return say(FAILED) end
  say(wait_ms and LIMITED or CURRENT)
  if wait_ms then say(wait_ms) end
  for _, window in ipairs(windows) do
    say(max(0, window.limit - window.used))
    say(ceil(window.reset / 1000))
  end
end

for _, check in ipairs(call.checks) do
  local verdict, till, cost, shape = proven(check[1]), check[2], check[3], check[4]
  local windows_key = shape and shape ~= '' and key()
  if verdict ~= CURRENT then
    say(verdict)
  elseif till and till ~= 0 and till <= now then
    say(ENDED)
  elseif not windows_key then
    say(CURRENT)
  else
    count_call(windows_key, shape, cost)
  end
end
return { now, fences, unexpected, cjson.encode(answers) }
