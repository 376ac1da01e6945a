import type { Comparison, Round } from '../contender';
import { bareFastify, latchkeyHttp } from '../contenders/http-peers';
import { redisPing } from '../contenders/redis-ping';
import type { Benchmark } from './benchmark';

/** What the check costs beyond the two things that it cannot do without. */
const beyondTheFloor: Comparison = {
  title: 'p50 of latchkey − fastify − redis-ping',
  unit: 'ms',
  aim: { atMost: 0.1 },
  of: (round) => {
    const [check, route, ping] = ['latchkey', 'fastify', 'redis-ping'].map((name) => p50(round, name));
    return check === undefined || route === undefined || ping === undefined ? undefined : check - route - ping;
  },
};

const p50 = (round: Round, name: string) => round.get(name)?.p50Ms;

export const checkAlone: Benchmark = {
  name: 'check-alone',
  title: 'One caller alone',
  concurrency: 1,
  cores: 'server-alone',
  contenders: { latchkey: latchkeyHttp, fastify: bareFastify, 'redis-ping': redisPing },
  comparisons: [beyondTheFloor],
};
