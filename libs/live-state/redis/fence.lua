-- Begins every script: the clock and the identity of this very server, fences and entries.
--
-- A fence is `<incarnation> <run id> <from> <until>`, times in µs of this server's clock. No TTL: whether it holds is computed.
-- An entry is `<incarnation>:<version>=<body>`, a marker `<incarnation>:<version>!`.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

local function read_fence(key)
  return string.match(redis.call('GET', key) or '', '^(%x+) (%x+) (%d+) (%d+)$')
end

-- The incarnation under which entries count right now, '' when none do.
local function live_incarnation(key)
  local incarnation, holder, from, till = read_fence(key)
  if not incarnation then return '' end
  local own = holder == server or not safeguards.run_id
  if own and tonumber(from) <= now and now < tonumber(till) then return incarnation end
  return ''
end

-- Incarnation, version and kind ('=' body, '!' marker) of what is there, nil when there is nothing.
local function read_header(key)
  local incarnation, version, kind = string.match(redis.call('GETRANGE', key, 0, 63), '^(%x+):(%d+)([=!])')
  return incarnation, tonumber(version), kind
end
