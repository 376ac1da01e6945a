// What many build themselves: Fastify, the key's digest looked up in memory, and one fixed window of rate-limiter-flexible in Redis. No
// revocation that reaches other nodes, one limit in place of three, nothing recorded.
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { checkBody, options, serve, sha256 } from './serve.mjs';

const { redisUrl, credentials, answer } = await options();
const redis = new Redis(redisUrl);
const limiter = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'bench-peer', points: 1_000_000, duration: 60 });
const keys = new Map(
  credentials.map((credential, id) => [sha256(credential), { ...answer.principal, id: String(id) }]),
);

await serve({ body: checkBody }, async (request, reply) => {
  const { credential, scopes = [] } = request.body;
  const principal = keys.get(sha256(credential));
  if (!principal || !scopes.every((scope) => principal.scopes.includes(scope))) return reply.code(401).send({});
  const { remainingPoints, msBeforeNext } = await limiter.consume(principal.id);
  return { ...answer, principal, limits: [{ name: 'minute', remaining: remainingPoints, resets_in_ms: msBeforeNext }] };
});
