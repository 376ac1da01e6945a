-- All checks of one turn of the event loop. Each is decided beforehand on bodies that the caller knows; this proves that they
-- are still what is true, compares the credential's end with the clock, and counts: all or nothing.
--
-- KEYS: a fence per owner; then for each check its entries and, when something is counted, the state of its windows.
-- ARGV: number of owners; then for each check:
--   number of subjects; of each: place of its owner, header of the body it was decided on ('' = not known)
--   '-' when nothing is to be counted; else: end (µs, '' = none), cost, shape of the windows ('' = unlimited)
-- Answers the time (µs), the live incarnation of each owner ('' = no fence holds), and one list per check that begins with:
local STALE, CURRENT, ENDED, LIMITED, FAILED = 0, 1, 2, 3, 4
--   STALE    of each subject: 1 = as expected, a newer entry, or 0 = ask its owner
--   CURRENT  as expected; of each window: remaining, reset (ms)
--   ENDED    the credential's end has passed
--   LIMITED  retry after (ms); of each window: remaining, reset (ms)
--   FAILED   an error of this check alone

local next_key, next_argument = 0, 0
local function key()
  next_key = next_key + 1
  return KEYS[next_key]
end
local function argument()
  next_argument = next_argument + 1
  return ARGV[next_argument]
end

local fences = {}
for owner = 1, tonumber(argument()) do
  fences[owner] = live_incarnation(key())
end

local function read_check()
  local check = { subjects = {} }
  for i = 1, tonumber(argument()) do
    check.subjects[i] = { key = key(), fence = fences[tonumber(argument())], expected = argument() }
  end
  local till = argument()
  if till == '-' then return check end
  check.till, check.cost, check.shape = tonumber(till), tonumber(argument()), argument()
  if check.shape ~= '' then check.window_key = key() end
  return check
end

local function examine(subject)
  local fence, expected = subject.fence, subject.expected
  if fence == '' then return 0 end
  local prefix = fence .. ':'
  if string.sub(expected, 1, #prefix) == prefix and redis.call('GETRANGE', subject.key, 0, #expected - 1) == expected then
    return 1
  end
  local entry = redis.call('GET', subject.key)
  if entry and string.find(entry, '^' .. prefix .. '%d+=') then return entry end
  return 0
end

local function answer(check)
  local found, current = { STALE }, true
  for i, subject in ipairs(check.subjects) do
    found[i + 1] = examine(subject)
    current = current and found[i + 1] == 1
  end
  if not current then return found end
  if check.till and check.till <= now then return { ENDED } end
  if not check.window_key then return { CURRENT } end
  local refused_ms, states = consume(check.window_key, check.shape, check.cost)
  if refused_ms then return { LIMITED, refused_ms, unpack(states) } end
  return { CURRENT, unpack(states) }
end

local answers = {}
while next_argument < #ARGV do
  local check = read_check()
  local fine, result = pcall(answer, check)
  answers[#answers + 1] = fine and result or { FAILED, tostring(type(result) == 'table' and result.err or result) }
end
return { now, fences, answers }
