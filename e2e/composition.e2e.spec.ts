import { TOPICS } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { Redis } from 'ioredis';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type AclEntry,
} from 'kafkajs';
import { connect } from 'node:net';
import { Client } from 'pg';
import { startComposition, type Composition } from './harness/composition';
import { accessToken, registerApplication } from './harness/applications';
import { call } from './harness/http';
import { UndoStack } from './harness/undo-stack';

const PREFIX = 'composition.';
const tooMuch: AclEntry = {
  principal: 'User:identity',
  host: '*',
  operation: AclOperationTypes.WRITE,
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes.TOPIC,
  resourceName: `${PREFIX}${TOPICS.decisions}`,
  resourcePatternType: ResourcePatternTypes.LITERAL,
};

/** An address without a password. */
const MAIL_CATCHER = 'smtp://mail:1025?tls=none';

describe('docker-compose.yml, its own containers as processes', () => {
  let composition: Composition;
  let adminKey: string;

  beforeAll(async () => {
    composition = await startComposition({ env: { LATCHKEY_TOPIC_PREFIX: PREFIX, LATCHKEY_PROFILE: 's4e' } });
    adminKey = (await composition.read('issuance', '/data/admin-key')).trim();
  }, 180_000);
  afterAll(() => composition?.stop());

  const get = (path: string) => call(composition.urlOf('edge'), { path, credential: adminKey });
  /** What a service has in its folder of secrets. */
  const secretOf = async (service: string, file: string) =>
    (await composition.read(service, `/secrets/${file}`)).trim();

  it('becomes healthy with production dependencies alone, and serves through its edge', async () => {
    const edge = composition.urlOf('edge');
    const path = '/api/v1/api-keys';
    const body = { name: 'made in a container', scopes: ['assets:read'] };
    const made = await call(edge, { method: 'POST', path, credential: adminKey, body });
    expect(made.status).toBe(201);
    const { id, key } = made.json<{ id: string; key: string }>();
    expect((await call(edge, { path: '/api/assets', credential: key })).status).toBe(200);
    expect((await call(edge, { method: 'DELETE', path: `${path}/${id}`, credential: adminKey })).status).toBe(204);
    expect((await call(edge, { path: '/api/assets', credential: key })).status).toBe(401);
    expect((await get('/api/keys')).status).toBe(200);
    const token = await accessToken(edge, await registerApplication(edge, adminKey, { scopes: ['assets:read'] }));
    expect((await call(edge, { path: '/api/assets', credential: token })).status).toBe(200);
  });

  it('has no secret in any environment', () => {
    for (const env of Object.values(composition.environments)) {
      const secret = Object.entries(env).filter(
        ([name, value]) =>
          /(PEPPER|_KEY|_URL|_LOGIN|PASSWORD)$/.test(name) &&
          value !== '' &&
          !value.startsWith('/') &&
          value !== MAIL_CATCHER,
      );
      expect(secret).toEqual([]);
    }
  });

  describe('gives every service', () => {
    const undo = new UndoStack();
    afterAll(() => undo.undo());
    const denied = /NOPERM|can't run this command|can't access at least one of the keys|not authorized/i;
    /** What became of it: its answer, or why there is none. */
    const tried = (asked: Promise<unknown>) => asked.catch((error: Error) => error.message);

    const postgresAs = async (service: string) => {
      const { username, password } = new URL(await secretOf(service, 'database-url'));
      const client = new Client({
        ...{ host: composition.addressOf('postgres'), user: username, password, database: 'postgres' },
      });
      await client.connect();
      undo.push(() => client.end());
      return client;
    };
    const redisAs = (login: { username?: string; password?: string }) => {
      const redis = new Redis({ host: composition.addressOf('redis'), ...login, retryStrategy: () => null });
      redis.on('error', () => undefined); // its commands say so
      undo.push(() => redis.disconnect());
      return redis;
    };
    const redisLogin = async (service: string) => {
      const { username, password } = new URL(await secretOf(service, 'redis-url'));
      return { username, password };
    };
    const kafkaAs = (login: string | null) => {
      const [username = '', password = ''] = login?.split(':') ?? [];
      return new Kafka({
        brokers: ['kafka:9092'],
        socketFactory: ({ port, onConnect }) => connect(port, composition.addressOf('kafka'), onConnect),
        ...(login !== null && { sasl: { mechanism: 'plain', username, password } }),
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
      });
    };
    const publishes = async (service: string, topic: string) => {
      const producer = kafkaAs(await secretOf(service, 'kafka-login')).producer();
      undo.push(() => producer.disconnect());
      await producer.connect();
      return tried(producer.send({ topic: `${PREFIX}${topic}`, messages: [{ value: 'not an event' }] }));
    };
    const readsFrom = async (service: string, topic: string) => {
      const admin = kafkaAs(await secretOf(service, 'kafka-login')).admin();
      undo.push(() => admin.disconnect());
      await admin.connect();
      return tried(admin.fetchTopicOffsets(`${PREFIX}${topic}`));
    };

    it('the rights that it needs: events reach the audit and the keys, and Redis has refused nobody', async () => {
      await eventually(
        async () => {
          const sources = (await get('/api/v1/audit-events/sources')).text;
          for (const source of ['identity', 'issuance', 'oauth', 'enforcement'])
            expect(sources).toContain(`latchkey/${source}`);
          expect((await get('/api/v1/api-keys')).text).toMatch(/"last_used":"20/);
        },
        { timeoutMs: 20_000, everyMs: 250 },
      );
      const operator = redisAs({ username: 'operator', password: await secretOf('redis', 'password') });
      expect(await operator.acl('LOG')).toEqual([]);
      expect(await operator.exists('{p0}:fence:identity', '{p0}:fence:issuance', '{p0}:fence:oauth')).toBe(3);
    });

    it('its own schema of Postgres and no other', async () => {
      const audit = await postgresAs('audit');
      await audit.query('SELECT FROM audit.migrations');
      for (const statement of [
        'SELECT FROM issuance.migrations',
        'CREATE SCHEMA another',
        'CREATE TABLE public.another ()',
        'CREATE ROLE another',
        `COPY audit.migrations TO PROGRAM 'true'`,
      ]) {
        expect([statement, await tried(audit.query(statement))]).toEqual([
          statement,
          expect.stringMatching(/^permission denied/),
        ]);
      }
    });

    it('its own keys of Redis', async () => {
      const set = `return redis.call('SET', KEYS[1], 'x')`;
      const enforcement = redisAs(await redisLogin('enforcement-1'));
      const identity = redisAs(await redisLogin('identity'));
      expect(await tried(enforcement.eval(set, 1, '{p0}:window:x'))).toBe('OK');
      expect(await tried(identity.eval(set, 1, '{p0}:user:x'))).toBe('OK');
      const oauth = redisAs(await redisLogin('oauth'));
      expect(await tried(oauth.eval(set, 1, '{p0}:client:x'))).toBe('OK');
      expect(await tried(oauth.eval(set, 1, '{p0}:window:tokens:x'))).toBe('OK');
      const answers = [
        enforcement.eval(set, 1, '{p0}:fence:issuance'),
        enforcement.set('{p0}:fence:issuance', 'x'),
        enforcement.flushall(),
        enforcement.config('GET', '*'),
        identity.eval(set, 1, '{p0}:fence:issuance'),
        identity.eval(set, 1, '{p0}:key:x'),
        identity.eval(set, 1, '{p0}:window:x'),
        oauth.eval(set, 1, '{p0}:fence:identity'),
        oauth.eval(set, 1, '{p0}:key:x'),
        oauth.eval(set, 1, '{p0}:session:x'),
        oauth.eval(set, 1, '{p0}:user:x'),
        oauth.eval(set, 1, '{p0}:workspace:x'),
        oauth.eval(set, 1, '{p0}:window:x'),
      ].map(tried);
      for (const answer of await Promise.all(answers)) expect(answer).toMatch(denied);
      expect(await tried(redisAs({}).ping())).toMatch(/NOAUTH|closed/);
    });

    it('its own topics of Kafka, and takes back what it should not have', async () => {
      expect(await publishes('identity', TOPICS.keys)).toMatch(denied);
      expect(await publishes('enforcement-1', TOPICS.keys)).toMatch(denied);
      expect(await publishes('audit', TOPICS.decisions)).toMatch(denied);
      expect(await publishes('enforcement-1', TOPICS.signIns)).toMatch(denied);
      expect(await publishes('oauth', TOPICS.decisions)).toMatch(denied);
      expect(await publishes('identity', TOPICS.accessTokens)).toMatch(denied);
      expect(await readsFrom('audit', TOPICS.decisions)).toEqual(expect.any(Array));
      expect(await readsFrom('identity', TOPICS.decisions)).toMatch(denied);
      const operator = kafkaAs(await secretOf('rights', 'kafka-login')).admin();
      undo.push(() => operator.disconnect());
      await operator.connect();
      await operator.createAcls({ acl: [tooMuch] });
      await eventually(async () => expect(await publishes('identity', TOPICS.decisions)).toEqual(expect.any(Array)));
      await composition.runAgain('rights');
      await eventually(async () => expect(await publishes('identity', TOPICS.decisions)).toMatch(denied));
      expect(await publishes('identity', TOPICS.identity)).toEqual(expect.any(Array));
      const nobody = kafkaAs(null).admin();
      undo.push(() => nobody.disconnect());
      expect(await tried(nobody.connect().then(() => nobody.listTopics()))).toEqual(expect.any(String));
    });
  });

  it('ends in order when it is asked to', async () => {
    expect(new Set(await composition.stop())).toEqual(new Set([0]));
  });
});
