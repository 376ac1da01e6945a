import { parseEvent } from '@latchkey/contracts';
import { rebuildProjection } from '@latchkey/event-store';
import { AppError, keyId, Secret, type RequestId } from '@latchkey/kernel';
import { Peppers } from '@latchkey/platform';
import { eventually } from '@latchkey/testing';
import { createHash, randomUUID } from 'node:crypto';
import { CryptoRandomness } from './adapters/crypto-randomness';
import { PostgresCredentials } from './adapters/postgres-credentials';
import { ChangeKeyHandler } from './application/change-key.handler';
import { CreateKeyHandler } from './application/create-key.handler';
import { RotateKeyHandler } from './application/rotate-key.handler';
import { PLAIN_KEY } from './domain/key/commands';
import { decide } from './domain/key/decide';
import { keyListProjection } from './projections/key-list.projection';
import { gate } from './testing/gate';
import { issuanceService, PEPPER, type IssuanceService } from './testing/issuance-service';

/** Gives the scripted ids first, then random ones. */
class ScriptedIds extends CryptoRandomness {
  readonly asked: number[] = [];
  script: string[] = [];

  override hex(digits: number): string {
    this.asked.push(digits);
    return this.script.shift() ?? super.hex(digits);
  }
}

const sha256 = (secret: string): Buffer => createHash('sha256').update(secret).digest();

describe('issuance', () => {
  let issuance: IssuanceService;
  const random = new ScriptedIds();
  beforeAll(async () => {
    issuance = await issuanceService('s4e', random);
  });
  afterAll(() => issuance.stop());

  const create = (overrides: object = {}) =>
    issuance.call('POST', '/api/keys', { body: { name: 'CI', scopes: ['read:assets'], ...overrides } });
  const created = async () => (await create()).body.data;

  it('tries another display id while one is taken, and a longer one where it is crowded (C30)', async () => {
    random.script = ['8a3b9c2d'];
    expect((await created()).id).toBe('key-8a3b9c2d');
    random.asked.length = 0;
    random.script = ['8a3b9c2d', '8a3b9c2d', '00000001'];
    expect((await created()).id).toBe('key-00000001');
    random.script = ['8a3b9c2d', '8a3b9c2d', '8a3b9c2d', '0000000000aa'];
    expect((await created()).id).toBe('key-0000000000aa');
    expect(random.asked).toEqual([8, 8, 8, 8, 8, 8, 12]);
    random.script = Array(8).fill('8a3b9c2d');
    expect((await create()).status).toBe(409);
  });

  it('the same display id in two workspaces is two keys', async () => {
    const owner = '01900000-0000-7000-8000-0000000000f2';
    const key = await issuance.adminOf(
      issuance.identity.add('01900000-0000-7000-8000-0000000000e2', 's4e', owner),
      owner,
    );
    random.script = ['8a3b9c2d'];
    const body = { name: 'theirs', scopes: ['admin'] };
    expect((await issuance.call('POST', '/api/keys', { body, key })).body.data.id).toBe('key-8a3b9c2d');
    expect((await issuance.call('GET', '/api/keys/key-8a3b9c2d', { key })).body.data.name).toBe('theirs');
    expect((await issuance.call('GET', '/api/keys/key-8a3b9c2d')).body.data.name).toBe('CI');
  });

  it('a revoke answers only when it is settled, and a create does not wait', async () => {
    const { id } = await created();
    const letGo = issuance.settlement.hold();
    let answered = false;
    const reply = issuance.call('DELETE', `/api/keys/${id}`).finally(() => (answered = true));
    await eventually(() => expect(issuance.settled.at(-1)?.version).toBe(2));
    expect((await create()).status).toBe(201);
    expect(answered).toBe(false);
    letGo();
    expect((await reply).status).toBe(200);
  });

  it('changes of one key at the same time are all kept', async () => {
    const { id } = await created();
    const changes = [
      { name: 'renamed' },
      { plan: 'premium' },
      { allowed_ips: ['10.0.0.0/8'] },
      { scopes: ['read:scans'] },
    ];
    const replies = await Promise.all(changes.map((body) => issuance.call('PUT', `/api/keys/${id}`, { body })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await issuance.call('GET', `/api/keys/${id}`)).body.data).toMatchObject({
      name: 'renamed',
      plan: 'premium',
      allowed_ips: ['10.0.0.0/8'],
      scopes: ['read:scans'],
    });
  });

  describe('a maker that is revoked while it makes a key', () => {
    const admin = async () => (await create({ scopes: ['admin'] })).body.data;
    /** A creation that stops before its commit, decided on the maker's first version. */
    const creation = (maker: string, held: boolean) => {
      const { workspaceId, ownerId } = issuance.identity.first;
      const child = keyId(randomUUID());
      const now = issuance.clock.now();
      const grant = {
        scopes: ['admin:full'],
        plan: 'standard',
        assets: 'all',
        allowedIps: [],
        expiresAt: null,
      } as const;
      const [arrived, arrive] = gate();
      const [opened, open] = gate();
      const written = issuance.keys.write({
        keyId: child,
        decide: (state) =>
          decide(
            {
              type: 'CreateKey',
              ...PLAIN_KEY,
              ...{ keyId: child, displayId: child, workspaceId, userId: ownerId, name: 'child', grant, now },
              scopesAsSent: grant.scopes,
              grantor: { kind: 'installation' },
            },
            state,
          ),
        meta: { actorId: maker, workspaceId, requestId: 'test', at: now },
        ...(held && { grantor: { keyId: keyId(maker), version: 1 } }),
        beforeCommit: async () => {
          arrive();
          await opened;
        },
      });
      return { written, arrived, open };
    };
    const revokedWhile = async (held: boolean): Promise<boolean> => {
      const { id, key } = await admin();
      const { id: maker } = (await issuance.call('GET', '/api/v1/me', { key })).body;
      const { written, arrived, open } = creation(maker, held);
      await arrived;
      let answered = false;
      const revoked = issuance.call('DELETE', `/api/keys/${id}`).finally(() => (answered = true));
      await eventually(async () => {
        const [{ waiting }] = await issuance.dataSource.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(answered || waiting > 0).toBe(true);
      });
      const early = answered;
      open();
      await Promise.all([written, revoked]);
      return early;
    };

    it('is revoked after it: no answer of a revoke is followed by a grant of the revoked', async () =>
      expect(await revokedWhile(true)).toBe(false));

    it('without holding the maker, its revoke answers while the key is on its way', async () =>
      expect(await revokedWhile(false)).toBe(true));

    /** A maker that is revoked after it was looked at, and before the key is written. */
    const revokedBefore = async (held: boolean) => {
      const { id, key } = await admin();
      const { id: maker } = (await issuance.call('GET', '/api/v1/me', { key })).body;
      await issuance.call('DELETE', `/api/keys/${id}`);
      const { written, open } = creation(maker, held);
      open();
      return written;
    };

    it('or before it, and then it makes none', () =>
      expect(revokedBefore(true)).rejects.toMatchObject({ code: 'stream.version_conflict' }));

    it('without holding the maker, a revoked one makes a key', async () =>
      expect((await revokedBefore(false)).key.status).toBe('Active'));
  });

  it('a secret that was ended after it was let through grants nothing more, and the other one of its key does', async () => {
    const { key } = (await create({ scopes: ['admin'] })).body.data;
    const { id } = (await issuance.call('GET', '/api/v1/me', { key })).body;
    await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { body: { grace_period_hours: 0 } });
    const { id: victim } = await created();
    const { workspaceId, ownerId: userId } = issuance.identity.first;
    const grants = (secretNumber: number) => {
      const requestId = 'test' as RequestId;
      const credential = { kind: 'api_key', keyId: keyId(id), secretId: `${id}.${secretNumber}` } as const;
      const caller = { credential, scopes: ['admin'], userId, workspaceId, requestId };
      const { app } = issuance.service;
      return Promise.allSettled([
        app.get(CreateKeyHandler, { strict: false }).execute({ name: 'x', scopes: ['admin'] }, caller),
        app.get(ChangeKeyHandler, { strict: false }).execute(victim, { plan: 'premium' }, caller),
        app.get(RotateKeyHandler, { strict: false }).execute(victim, { gracePeriodHours: 0 }, caller),
      ]);
    };
    const refused = { status: 'rejected', reason: { code: 'auth.unauthorized' } };
    expect(await grants(1)).toMatchObject([refused, refused, refused]);
    expect((await grants(2))[0]).toMatchObject({ status: 'fulfilled' });
  });

  it('settles what is there, not what an attempt that was rolled back would have written', async () => {
    const { id } = (await issuance.call('POST', '/api/v1/api-keys', { body: { name: 'x', scopes: ['admin'] } })).body;
    const { workspaceId } = issuance.identity.first;
    const now = issuance.clock.now();
    let attempts = 0;
    const { changed } = await issuance.keys.write({
      keyId: keyId(id),
      decide(state) {
        attempts += 1;
        return attempts === 1 ? decide({ type: 'RevokeKey', reason: 'requested', now }, state) : [];
      },
      meta: { actorId: (await issuance.call('GET', '/api/v1/me')).body.id, workspaceId, requestId: 'test', at: now },
      beforeCommit: () => Promise.reject(new AppError('stream.version_conflict')),
    });
    expect([attempts, changed.version]).toEqual([2, 1]);
  });

  it('revokes at the same time count once', async () => {
    const { id } = await created();
    const total = async () => (await issuance.call('GET', '/api/keys')).body.meta.total;
    const before = await total();
    const replies = await Promise.all(Array.from({ length: 6 }, () => issuance.call('DELETE', `/api/keys/${id}`)));
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(await total()).toBe(before - 1);
  });

  it('publishes every event in the form of its schema, and none holds a secret or a digest', async () => {
    const { id, key } = await created();
    await issuance.call('PUT', `/api/keys/${id}`, { body: { name: 'renamed' } });
    const rotated = await issuance.call('POST', `/api/v1/api-keys/${id}/rotate`, { body: {} });
    await issuance.call('DELETE', `/api/v1/api-keys/${id}.1`);
    await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
    const own = () => issuance.published.filter(({ key: subject }) => subject === rotated.body.id);
    await eventually(() => expect(own()).toHaveLength(5));
    const events = own().map(({ value }) => parseEvent(JSON.parse(value.toString())));
    expect(events.map(({ type }) => type)).toEqual([
      'latchkey.key.created.v1',
      'latchkey.key.updated.v1',
      'latchkey.key.rotated.v1',
      'latchkey.key.secret_revoked.v1',
      'latchkey.key.revoked.v1',
    ]);
    const digests = [key, rotated.body.key].flatMap((secret) => [
      sha256(secret),
      ...issuance.peppers.all(sha256(secret)),
    ]);
    const everything = JSON.stringify(events) + issuance.log.join('');
    for (const secret of [key, rotated.body.key, issuance.admin]) expect(everything).not.toContain(secret.slice(9));
    for (const digest of digests) {
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(everything).not.toContain(digest.toString(form));
    }
  });

  it('no column of its schema holds a secret or its plain SHA-256', async () => {
    const { key } = await created();
    const tables: { name: string }[] = await issuance.dataSource.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'issuance'`,
    );
    for (const { name } of tables) {
      const rows: { row: string }[] = await issuance.dataSource.query(`SELECT t::text AS row FROM "${name}" t`);
      const text = rows.map(({ row }) => row).join('\n');
      expect(text).not.toContain(key.slice(9));
      expect(text).not.toContain(sha256(key).toString('hex'));
    }
  });

  it('the list of keys is what its events say, byte for byte', async () => {
    expect(await rebuildProjection(issuance.dataSource, keyListProjection)).toMatchObject({ equal: true });
    await issuance.dataSource.query(`UPDATE key_list SET name = 'forged'`);
    expect(await rebuildProjection(issuance.dataSource, keyListProjection)).toMatchObject({ equal: false });
    await rebuildProjection(issuance.dataSource, keyListProjection, { replace: true });
    expect(await rebuildProjection(issuance.dataSource, keyListProjection)).toMatchObject({ equal: true });
  });

  it('a secret is found under the old pepper and the new one, and not under another', async () => {
    const { key } = await created();
    const found = async (...versions: [number, Secret][]) => {
      const peppers = new Peppers(versions.map(([version, value]) => ({ version, value })));
      const [ref] = await new PostgresCredentials(issuance.dataSource, peppers).resolve([sha256(key)]);
      return ref?.secretNumber ?? null;
    };
    const next = new Secret('n'.repeat(32));
    expect(await found([1, PEPPER])).toBe(1);
    expect(await found([1, PEPPER], [2, next])).toBe(1);
    expect(await found([2, next])).toBeNull();
  });

  it('answers for several credentials in the order asked, with null for those that there are not', async () => {
    const [a, b] = [await created(), await created()];
    const refs = await issuance.credentials.resolve([b.key, 'nobody', a.key].map(sha256));
    const listed = await Promise.all([b.id, a.id].map((id) => issuance.call('GET', `/api/v1/api-keys/${id}`)));
    expect([refs[0]?.keyId, refs[1], refs[2]?.keyId]).toEqual([listed[0]?.body.id, null, listed[1]?.body.id]);
    expect(await issuance.credentials.resolve([])).toEqual([]);
  });

  it('is ready while its database is', async () => {
    expect((await issuance.call('GET', '/readyz', { key: '' })).status).toBe(200);
  });
});
