import { randomUUID } from 'node:crypto';
import { clientId, keyId, userId, workspaceId } from '@latchkey/kernel';
import {
  ofEachOwner,
  type ClientSubject,
  type CredentialRef,
  type KeySubject,
  type SubjectBody,
  type SubjectOwner,
} from '@latchkey/contracts';
import { openDatabase } from '@latchkey/event-store';
import {
  connectRedis,
  GrpcOwnerClient,
  GrpcOwnerServer,
  liveStateMigrations,
  liveStateTiming,
  PostgresIncarnations,
  PostgresSubjects,
  RedisFences,
  RedisLiveAccess,
  redisReady,
  RedisSettlement,
  RenewalSession,
  Renewer,
  RoutedSubjectReader,
} from '@latchkey/live-state';
import { eventually, freshDatabase, startRedis, type FreshDatabase, type RedisProcess } from '@latchkey/testing';
import type { DataSource } from 'typeorm';
import { nodeSha256 } from './adapters/node-sha256';
import type { CheckAccess } from './application/check-access';
import { createCheckAccess } from './enforcement.module';
import { activeClient, TERMS, TestSigningKey } from './testing/access-tokens';
import { activeKey, newSecret } from './testing/keys';

const timing = liveStateTiming(300);
const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex');

/** The least that owns subjects: a schema with live state's tables, a renewer, and the gRPC protocol. */
class Owner {
  private stopped: Promise<void> | undefined;

  private constructor(
    readonly subjects: PostgresSubjects,
    private readonly database: DataSource,
    private readonly settlement: RedisSettlement,
    private readonly renewer: Renewer,
    private readonly server: GrpcOwnerServer,
    readonly address: string,
    private readonly redis: ReturnType<typeof connectRedis>,
  ) {}

  static async start(
    owner: SubjectOwner,
    databaseUrl: string,
    redisUrl: string,
    credentials: ReadonlyMap<string, CredentialRef>,
  ): Promise<Owner> {
    const database = await openDatabase({
      url: databaseUrl,
      schema: owner,
      migrations: liveStateMigrations,
      applicationName: owner,
    });
    const redis = connectRedis(redisUrl, timing);
    await redisReady(redis);
    const fences = new RedisFences(redis, owner, timing);
    const renewer = new Renewer({ fences, openRecords: () => RenewalSession.open(database, timing), timing });
    const settlement = new RedisSettlement({ fences, incarnations: new PostgresIncarnations(database), timing });
    const subjects = new PostgresSubjects(database);
    const server = new GrpcOwnerServer({
      owner,
      host: '127.0.0.1',
      port: 0,
      subjects,
      credentials: { resolve: async (digests) => digests.map((digest) => credentials.get(hex(digest)) ?? null) },
      onError: () => {},
    });
    renewer.start();
    return new Owner(subjects, database, settlement, renewer, server, await server.start(), redis);
  }

  /** As a command does it: committed, then settled, then answered. */
  async write(id: string, body: SubjectBody): Promise<void> {
    const changed = await this.database.transaction((tx) => this.subjects.write(tx, { kind: body.kind, id, body }));
    await this.settlement.settle([changed]);
  }

  renewed(): boolean {
    return this.renewer.leaseAgeMs() !== null;
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    await this.server.stop();
    await this.renewer.stop();
    this.redis.disconnect();
    await this.database.destroy();
  }
}

/** A process of enforcement, with connections of its own. */
async function startNode(redisUrl: string, owners: Readonly<Record<SubjectOwner, Owner>>) {
  const redis = connectRedis(redisUrl, timing);
  await redisReady(redis);
  const clients = ofEachOwner((owner) => new GrpcOwnerClient({ owner, addresses: [owners[owner].address] }));
  const reader = new RoutedSubjectReader(clients);
  const liveAccess = new RedisLiveAccess({ redis, owners: reader, nodesMax: 2, timing });
  const access = createCheckAccess({
    liveAccess,
    resolver: clients.issuance,
    accessTokens: { ...TERMS, owners: reader },
    decisions: { count: () => {} },
    onError: (error) => console.error(error),
  });
  const stop = () => {
    redis.disconnect();
    Object.values(clients).forEach((client) => client.close());
  };
  return { access, stop };
}

describe('the whole path of a check: two nodes, three owners, Redis and Postgres', () => {
  const workspace = workspaceId(randomUUID());
  const user = userId(randomUUID());
  const credentials = new Map<string, CredentialRef>();
  let database: FreshDatabase;
  let redis: RedisProcess;
  let owners: Readonly<Record<SubjectOwner, Owner>>;
  let nodes: { access: CheckAccess; stop: () => void }[];

  beforeAll(async () => {
    [database, redis] = await Promise.all([freshDatabase(), startRedis()]);
    const start = (owner: SubjectOwner) => Owner.start(owner, database.url, redis.url, credentials);
    owners = { issuance: await start('issuance'), identity: await start('identity'), oauth: await start('oauth') };
    nodes = await Promise.all([1, 2].map(() => startNode(redis.url, owners)));
    await owners.identity.write(workspace, {
      kind: 'workspace',
      status: 'active',
      name: 'Acme',
      profile: 's4e',
      formerMembersKeys: 'end',
      secondFactor: 'optional',
    });
    await owners.identity.write(user, {
      kind: 'user',
      status: 'active',
      roles: { [workspace]: 'owner' },
      sessionGeneration: 0,
    });
    await untilRenewed();
  });
  afterAll(async () => {
    nodes.forEach(({ stop }) => stop());
    await stopOwners();
    await redis.stop();
    await database.drop();
  });

  const stopOwners = () => Promise.all(Object.values(owners).map((owner) => owner.stop()));
  const untilRenewed = () =>
    eventually(() => expect(Object.values(owners).map((owner) => owner.renewed())).toEqual([true, true, true]));

  async function createKey(changes: Partial<KeySubject> = {}) {
    const id = keyId(randomUUID());
    const secret = newSecret();
    const body: KeySubject = { ...activeKey, workspaceId: workspace, userId: user, ...changes };
    await owners.issuance.write(id, body);
    credentials.set(hex(nodeSha256(secret)), { workspaceId: workspace, keyId: id, secretNumber: 1 });
    return { secret, revoke: () => owners.issuance.write(id, { ...body, status: 'revoked' }) };
  }

  /** A client with an access token, and all that can be ended about the two. */
  async function issueToken() {
    const id = clientId(randomUUID());
    const signingKey = new TestSigningKey('ES256');
    const jti = randomUUID();
    const body: ClientSubject = { ...activeClient, workspaceId: workspace, userId: user };
    const { oauth } = owners;
    await Promise.all([oauth.write(id, body), oauth.write(signingKey.id, signingKey.subject)]);
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const secret = signingKey.token({ client_id: id, sub: id, jti, wid: workspace, exp });
    const ends: Readonly<Record<string, () => Promise<void>>> = {
      'the token is revoked': () => oauth.write(id, { ...body, revokedTokens: [{ jti, expiresAtMs: exp * 1_000 }] }),
      'all tokens of the client end': () => oauth.write(id, { ...body, tokenGeneration: 2 }),
      'the client is deleted': () => oauth.write(id, { ...body, status: 'deleted' }),
      'the signing key is revoked': () => oauth.write(signingKey.id, { ...signingKey.subject, status: 'revoked' }),
    };
    return { secret, end: (how: string) => ends[how]?.() };
  }

  const ENDS = [
    'the token is revoked',
    'all tokens of the client end',
    'the client is deleted',
    'the signing key is revoked',
  ];

  const checks = (credential: string) =>
    Promise.all(nodes.map(({ access }) => access.check({ credential, scopes: ['read:assets'] })));
  const reasons = async (credential: string) => (await checks(credential)).map(({ reason }) => reason ?? 'allowed');

  it('a key passes its first check on every node, then out of the cache', async () => {
    const { secret } = await createKey();
    expect(await reasons(secret)).toEqual(['allowed', 'allowed']);
    await eventually(async () => expect((await checks(secret)).map(({ via }) => via)).toEqual(['cache', 'cache']));
  });

  it('a revoked key is refused by the first check after the revoke answered, on every node', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { secret, revoke } = await createKey();
      expect(await reasons(secret)).toEqual(['allowed', 'allowed']);
      await revoke();
      expect(await reasons(secret)).toEqual(['revoked', 'revoked']);
    }
  });

  it.each(ENDS)(
    'once %s, an access token is refused by the first check after the answer, on every node',
    async (how) => {
      for (let round = 0; round < 10; round += 1) {
        const { secret, end } = await issueToken();
        expect(await reasons(secret)).toEqual(['allowed', 'allowed']);
        await end(how);
        expect(await reasons(secret)).toEqual(['revoked', 'revoked']);
      }
    },
  );

  it('two nodes together admit the limit and no more, and unknown secrets use up none of it', async () => {
    const { secret } = await createKey();
    await Promise.all(Array.from({ length: 50 }, () => checks(newSecret())));
    const answers = (await Promise.all(Array.from({ length: 60 }, () => reasons(secret)))).flat();
    expect(answers.filter((reason) => reason === 'allowed')).toHaveLength(100);
    expect(answers.filter((reason) => reason === 'rate_limited')).toHaveLength(20);
  });

  it('without Redis the owners are asked, and a revoke still holds', async () => {
    const { secret, revoke } = await createKey();
    const tokens = await Promise.all(ENDS.map(issueToken));
    const all = [secret, ...tokens.map((token) => token.secret)];
    for (const each of all) expect(await reasons(each)).toEqual(['allowed', 'allowed']);
    await redis.kill();
    for (const each of all) {
      expect((await checks(each)).map(({ allowed, via }) => ({ allowed, via }))).toEqual(
        Array(2).fill({ allowed: true, via: 'owner' }),
      );
    }
    await Promise.all([revoke(), ...tokens.map(({ end }, place) => end(ENDS[place] ?? ''))]);
    for (const each of all) expect(await reasons(each)).toEqual(['revoked', 'revoked']);
    await redis.restart();
    await untilRenewed();
    for (const each of all) expect(await reasons(each)).toEqual(['revoked', 'revoked']);
  });

  it('when the owners end, nobody passes once their lease has lapsed', async () => {
    const secrets = [(await createKey()).secret, (await issueToken()).secret];
    for (const secret of secrets) expect(await reasons(secret)).toEqual(['allowed', 'allowed']);
    await stopOwners();
    for (const secret of secrets) {
      await eventually(async () => expect(await reasons(secret)).toEqual(['unavailable', 'unavailable']), {
        timeoutMs: 3 * timing.leaseMs,
      });
    }
    expect(await reasons(newSecret())).toEqual(['unavailable', 'unavailable']);
  });
});
