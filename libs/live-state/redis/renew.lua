-- Sets the fence, unless this is another server than the one observed, its clock went back, or somebody else has set a later or
-- another fence since.
-- KEYS: the fence.
-- ARGV: its incarnation, the run id and the incarnation ('' when absent) that were observed, from, until (µs).
local incarnation, observed_server, observed_incarnation, from, till = unpack(ARGV)
local there, _, there_from, there_until = read_fence(KEYS[1])
if safeguards.run_id and observed_server ~= server then return 0 end
if (there or '') ~= observed_incarnation or tonumber(from) > now then return 0 end
-- A fence that begins in the future is one from before the clock went back.
if there == incarnation and tonumber(there_from) <= now and tonumber(there_until) > tonumber(till) then return 0 end
if not safeguards.absolute_until then till = string.format('%.0f', now + till - from) end
redis.call('SET', KEYS[1], incarnation .. ' ' .. server .. ' ' .. from .. ' ' .. till)
return 1
