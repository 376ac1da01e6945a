import { backing, freshDatabase, startRedis } from '@latchkey/testing';
import { startComposition, type Composition } from './harness/composition';
import { call } from './harness/http';
import { UndoStack } from './harness/undo-stack';

describe('docker-compose.yml, its own containers as processes', () => {
  const undo = new UndoStack();
  const topicPrefix = `composition-${process.pid}.`;
  let composition: Composition;
  let adminKey: string;

  beforeAll(async () => {
    const database = await freshDatabase();
    undo.push(() => database.drop());
    const redis = await startRedis({ password: 'of-the-stand-in' });
    undo.push(() => redis.stop());
    composition = await startComposition({
      standIns: {
        files: { 'database-url': database.url, 'redis-url': redis.url },
        kafkaBrokers: backing().kafkaBrokers.join(','),
      },
      env: { LATCHKEY_TOPIC_PREFIX: topicPrefix, LATCHKEY_PROFILE: 's4e' },
    });
    undo.push(() => composition.stop());
    adminKey = (await composition.read('issuance', '/data/admin-key')).trim();
  }, 120_000);
  afterAll(() => undo.undo());

  it('becomes healthy with production dependencies alone, and serves through its edge', async () => {
    const edge = composition.urlOf('edge');
    const made = await call(edge, {
      method: 'POST',
      path: '/api/v1/api-keys',
      credential: adminKey,
      body: { name: 'made in a container', scopes: ['assets:read'] },
    });
    expect(made.status).toBe(201);
    expect((await call(edge, { path: '/api/keys', credential: adminKey })).status).toBe(200);
    expect((await call(edge, { path: '/api/assets', credential: adminKey })).status).toBe(200);
    expect((await call(edge, { path: '/api/v1/audit-events', credential: adminKey })).status).toBe(200);
  });

  it('has no secret in any environment', () => {
    for (const env of Object.values(composition.environments)) {
      const secret = Object.entries(env).filter(
        ([name, value]) => /(PEPPER|_KEY|_URL)$/.test(name) && value !== '' && !value.startsWith('/'),
      );
      expect(secret).toEqual([]);
    }
  });

  it('ends in order when it is asked to', async () => {
    expect(new Set(await composition.stop())).toEqual(new Set([0]));
  });
});
