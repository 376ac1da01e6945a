import { createLogger, createService, type Service } from '@latchkey/platform';
import { everyCaller } from '../application/callers';
import { createCheckAccess, EnforcementModule } from '../enforcement.module';
import { KEY, liveWorkspace, newSecret, resolverOf } from '../testing/keys';
import { HOT_ROUTES } from './check.routes';

const SECRET = newSecret();
const live = liveWorkspace();
const access = createCheckAccess({
  liveAccess: live,
  resolver: resolverOf(SECRET),
  decisions: { count: () => {} },
  onError: () => {},
});

describe('the check over HTTP', () => {
  let service: Service;
  const routes: string[] = [];

  beforeAll(async () => {
    const module = EnforcementModule.register({ access, callers: everyCaller });
    service = await createService({
      name: 'enforcement',
      module,
      config: { host: '127.0.0.1', port: 0 },
      logger: createLogger({ service: 'enforcement', level: 'silent' }),
      routes: (fastify) => {
        fastify.addHook('onRoute', ({ method, url }) => {
          for (const name of [method].flat()) routes.push(`${name} ${url}`);
        });
      },
    });
  });
  afterAll(() => service.stop());

  const post = (url: string, payload: unknown) =>
    service.fastify.inject({
      method: 'POST',
      url,
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      headers: { 'content-type': 'application/json' },
    });

  it('answers 200 with the decision, allowed or not, and nobody may keep it', async () => {
    const allowed = await post('/v1/check', {
      credential: SECRET,
      scopes: ['read:assets'],
      ip: '203.0.113.9',
      method: 'GET',
      path: '/api/assets',
    });
    expect([allowed.statusCode, allowed.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(allowed.json()).toMatchObject({ allowed: true, status: 200, principal: { id: KEY } });
    const denied = await post('/v1/check', { credential: '' });
    expect(denied.statusCode).toBe(200);
    expect(denied.json()).toMatchObject({ allowed: false, status: 401, reason: 'missing' });
  });

  it('answers a batch in its order, each check for itself', async () => {
    const checks = [
      { credential: SECRET },
      { credential: '' },
      { credential: SECRET, scopes: ['admin'] },
      { credential: newSecret() },
    ];
    const { results } = (await post('/v1/check/batch', { checks })).json<{ results: { reason: string | null }[] }>();
    expect(results.map(({ reason }) => reason)).toEqual([null, 'missing', 'scope_missing', 'unknown']);
  });

  it('takes a batch of a hundred and refuses one more, and an empty one', async () => {
    const batchOf = (count: number) =>
      post('/v1/check/batch', { checks: Array.from({ length: count }, () => ({ credential: '' })) });
    expect((await batchOf(100)).json<{ results: unknown[] }>().results).toHaveLength(100);
    expect((await batchOf(101)).statusCode).toBe(400);
    expect((await batchOf(0)).statusCode).toBe(400);
  });

  it.each([
    ['no body', '/v1/check', ''],
    ['no credential', '/v1/check', {}],
    ['a credential that is no text', '/v1/check', { credential: 7 }],
    ['a credential of 16 KB and more', '/v1/check', { credential: 'x'.repeat(16_385) }],
    ['a field it does not know', '/v1/check', { credential: SECRET, admin: true }],
    ['a cost below nothing', '/v1/check', { credential: SECRET, cost: -1 }],
    ['a cost that is no whole number', '/v1/check', { credential: SECRET, cost: 1.5 }],
    ['scopes that are no list', '/v1/check', { credential: SECRET, scopes: 'admin' }],
    ['one bad check among good ones', '/v1/check/batch', { checks: [{ credential: SECRET }, { credential: null }] }],
    ['JSON 5,000 deep', '/v1/check', '['.repeat(5_000) + ']'.repeat(5_000)],
  ])('refuses %s as the fault of the caller', async (_, url, payload) => {
    const reply = await post(url, payload);
    expect(reply.statusCode).toBe(400);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.body).not.toContain(SECRET);
  });

  it('refuses a body of more than 1 MiB', async () => {
    expect((await post('/v1/check', `"${'x'.repeat(1_048_576)}"`)).statusCode).toBe(413);
  });

  it('adds no routes but those that its list declares', () => {
    const declared = HOT_ROUTES.map(({ method, url }) => `${method} ${url}`);
    expect(routes.filter((route) => route.includes('/v1/'))).toEqual(declared);
  });
});
