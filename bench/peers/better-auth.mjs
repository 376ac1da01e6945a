// better-auth's API keys, verified with their rate limit, behind the same Fastify. `storage`: `database` is its default, Postgres;
// `secondary-storage` keeps keys and counts in Redis.
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { Redis } from 'ioredis';
import pg from 'pg';
import { checkBody, options, serve } from './serve.mjs';

const { databaseUrl, redisUrl, storage, keys } = await options();
const redis = new Redis(redisUrl, { keyPrefix: 'bench-better-auth:' });
const secondaryStorage = {
  get: (key) => redis.get(key),
  set: (key, value, ttl) => (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value)),
  delete: (key) => redis.del(key),
};
const config = {
  secret: 'a benchmark has nothing to hide, but thirty-two characters',
  baseURL: 'http://127.0.0.1',
  database: new pg.Pool({ connectionString: databaseUrl, max: 16 }),
  emailAndPassword: { enabled: true },
  logger: { level: 'error' },
  telemetry: { enabled: false },
  ...(storage === 'secondary-storage' && { secondaryStorage }),
  plugins: [
    apiKey({
      storage,
      rateLimit: { enabled: true, timeWindow: 86_400_000, maxRequests: 1_000_000 },
      permissions: { defaultPermissions: { assets: ['read'], alerts: ['read'] } },
    }),
  ],
};
await (await getMigrations(config)).runMigrations();
const auth = betterAuth(config);

const { user } = await auth.api.signUpEmail({
  body: { name: 'Bench', email: 'bench@example.com', password: 'correct horse battery' },
});
const credentials = [];
for (let made = 0; made < keys; made += 16) {
  const some = Array.from({ length: Math.min(16, keys - made) }, () =>
    auth.api.createApiKey({ body: { name: 'Nightly inventory', userId: user.id } }),
  );
  credentials.push(...(await Promise.all(some)).map(({ key }) => key));
}
const verify = async (request) => {
  const { credential, scopes = [] } = request.body;
  const permissions = {};
  for (const [resource, action] of scopes.map((scope) => scope.split(':'))) (permissions[resource] ??= []).push(action);
  const { valid, error, key } = await auth.api.verifyApiKey({ body: { key: credential, permissions } });
  return { allowed: valid, error, principal: key };
};
await serve({ body: checkBody }, verify, { credentials });
