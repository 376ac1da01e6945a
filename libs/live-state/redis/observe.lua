-- What a renewer must know before it reads the pending rows.
-- KEYS: the fence. Answers: the time (µs), the run id, the fence's incarnation and run id ('' when absent), the eviction policy.
local incarnation, holder = read_fence(KEYS[1])
local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')
return { now, server, incarnation or '', holder or '', policy or '' }
