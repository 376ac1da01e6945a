// oidc-provider with clients that have a secret. `algorithm`: its access tokens are JWTs that are signed so; null: they are opaque, as it
// answers questions about no others. `redisUrl`: what it keeps is in Redis, where several nodes find it; null: in the memory of this one,
// its default.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import Provider from 'oidc-provider';
import { options } from './serve.mjs';

const { algorithm, redisUrl, clients, scopes } = await options();
const kinds = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }] };
const keys = Object.entries(kinds).map(([alg, kind]) => ({
  ...generateKeyPairSync(...kind).privateKey.export({ format: 'jwk' }),
  ...{ alg, use: 'sig', kid: alg },
}));
const resource = 'urn:bench:api';

const redis = redisUrl === null ? null : new Redis(redisUrl, { keyPrefix: 'bench-oidc-provider:' });
/** As much of its adapter as tokens of client credentials need. */
class RedisAdapter {
  constructor(model) {
    this.model = model;
  }
  #key = (id) => `${this.model}:${id}`;
  async upsert(id, payload, expiresIn) {
    await redis.set(this.#key(id), JSON.stringify(payload), 'EX', expiresIn);
  }
  async find(id) {
    const text = await redis.get(this.#key(id));
    return text === null ? undefined : JSON.parse(text);
  }
  async destroy(id) {
    await redis.del(this.#key(id));
  }
}

const provider = new Provider('http://127.0.0.1', {
  ...(redis && { adapter: RedisAdapter }),
  clients: clients.map(({ clientId, clientSecret }) => ({
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['client_credentials'],
    ...{ redirect_uris: [], response_types: [], scope: scopes.join(' ') },
    token_endpoint_auth_method: 'client_secret_post',
  })),
  clientAuthMethods: ['client_secret_post'],
  ttl: { ClientCredentials: 3600 },
  cookies: { keys: [randomUUID()] },
  jwks: { keys },
  scopes,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: algorithm !== null,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        ...{ scope: scopes.join(' '), audience: resource, accessTokenTTL: 3600 },
        ...{ accessTokenFormat: 'jwt', jwt: { sign: { alg: algorithm } } },
      }),
    },
  },
});
const server = createServer(provider.callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('disconnect', () => process.exit());
process.send({ port: server.address().port });
