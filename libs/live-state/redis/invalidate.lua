-- Puts a marker in the place of every entry that is older than a change. Absent would do for checks; the marker also refuses the
-- fills that are under way with what was true before.
-- KEYS: the owner's fence, then the entries.
-- ARGV: the incarnation to write ('' = the fence's, whether it holds or not), the markers' time to live (ms), then each version.
-- Answers the incarnation under which this was seen by every check from now on, '' when no fence holds.
local incarnation = ARGV[1]
if incarnation == '' then incarnation = read_fence(KEYS[1]) or '0' end
for i = 2, #KEYS do
  local version = ARGV[i + 1]
  local there, there_version = read_header(KEYS[i])
  if not (there == incarnation and there_version >= tonumber(version)) then
    redis.call('SET', KEYS[i], incarnation .. ':' .. version .. '!', 'PX', ARGV[2])
  end
end
return live_incarnation(KEYS[1])
