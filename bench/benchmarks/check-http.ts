import { throughputRatio } from '../contender';
import { bareFastify, betterAuth, latchkeyHttp, rateLimiterFlexible } from '../contenders/http-peers';
import type { Benchmark } from './benchmark';

export const checkHttp: Benchmark = {
  name: 'check-http',
  title: 'The check over HTTP',
  concurrency: 64,
  cores: 'server-alone',
  contenders: {
    latchkey: latchkeyHttp,
    fastify: bareFastify,
    'rate-limiter-flexible': rateLimiterFlexible,
    'better-auth-postgres': (world) => betterAuth(world, 'database'),
    'better-auth-redis': (world) => betterAuth(world, 'secondary-storage'),
  },
  comparisons: [
    throughputRatio('latchkey', 'fastify', 0.5),
    throughputRatio('latchkey', 'better-auth-postgres', 15),
    throughputRatio('latchkey', 'better-auth-redis', 15),
    throughputRatio('latchkey', 'rate-limiter-flexible'),
  ],
};
