-- Keeps an owner's answer, unless it might be outdated (rule 6). The miss says under which incarnation and when the owner was asked.
-- KEYS: the owner's fence, the entry.
-- ARGV: incarnation and time (µs) of the miss, greatest age (µs), version, body, time to live (ms). Answers 1 when it was kept.
local missed_incarnation, missed_at, age_max, version, body, ttl = unpack(ARGV)
local incarnation = live_incarnation(KEYS[1])
if incarnation == '' then return 0 end
if safeguards.fill_guard then
  if incarnation ~= missed_incarnation or now - missed_at > tonumber(age_max) then return 0 end
  local there, there_version, kind = read_header(KEYS[2])
  if there == incarnation then
    if there_version > tonumber(version) then return 0 end
    if there_version == tonumber(version) and kind == '=' then return 0 end
  end
end
redis.call('SET', KEYS[2], incarnation .. ':' .. version .. '=' .. body, 'PX', ttl)
return 1
