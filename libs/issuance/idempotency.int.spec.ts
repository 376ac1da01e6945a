import { PostgresEventStore } from '@latchkey/event-store';
import { AppError, isAppError, keyId } from '@latchkey/kernel';
import { PostgresSubjects } from '@latchkey/live-state';
import { atFailpoint, disarmFailpoints, eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { PostgresKeyStore } from './adapters/postgres-key-store';
import { PLAIN_KEY } from './domain/key/commands';
import { decide } from './domain/key/decide';
import { gate } from './testing/gate';
import { issuanceService, type IssuanceService, type Reply } from './testing/issuance-service';

const HOUR_MS = 3_600_000;
const body = { name: 'SOAR', scopes: ['alerts:read', 'assets:read'], expires_at: '2027-01-15T00:00:00Z' };

describe('C31: a request with an Idempotency-Key', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterEach(disarmFailpoints);
  afterAll(() => issuance.stop());

  const post = (url: string, sent: unknown, idempotencyKey: string, key = issuance.admin) =>
    issuance.call('POST', url, { body: sent, key, headers: { 'idempotency-key': idempotencyKey } });
  const create = (idempotencyKey: string, sent: unknown = body, key?: string) =>
    post('/api/v1/api-keys', sent, idempotencyKey, key);
  const rotate = (id: string, idempotencyKey: string, sent: unknown = {}, key?: string) =>
    post(`/api/v1/api-keys/${id}/rotate`, sent, idempotencyKey, key);
  const liveKeys = async () => (await issuance.call('GET', '/api/keys')).body.meta.total as number;
  const secretsOf = async (id: string): Promise<[string, string | null][]> => {
    const { secrets } = (await issuance.call('GET', `/api/v1/api-keys/${id}`)).body;
    return secrets.map((secret: { id: string; grace_until: string | null }) => [secret.id, secret.grace_until]);
  };
  const alreadyIssued = (id: string) => ({ status: 409, body: { code: 'key.secret_already_issued', key_id: id } });
  const reused = { status: 422, body: { code: 'request.idempotency_key_reused', field: 'Idempotency-Key' } };

  describe('when it is repeated', () => {
    it('issues nothing more and names the key, however the same body is spelled', async () => {
      const { id } = (await create('a-1')).body;
      const before = await liveKeys();
      const respelled = { expires_at: '2027-01-15T01:00:00+01:00', scopes: body.scopes, name: body.name };
      expect(await create('a-1')).toMatchObject(alreadyIssued(id));
      expect(await create('"a-1"', respelled)).toMatchObject(alreadyIssued(id));
      expect(await liveKeys()).toBe(before);
    });

    it('on the S4E surface answers in its envelope, with the id that it shows', async () => {
      const { id } = (await post('/api/keys', body, 'a-2')).body.data;
      expect(id).toMatch(/^key-/);
      const repeated = await post('/api/keys', body, 'a-2');
      expect([repeated.status, repeated.body]).toEqual([
        409,
        {
          status: 'error',
          error: { key_id: id, code: 'secret_already_issued', message: expect.stringContaining('Rotate the key') },
        },
      ]);
      const other = await post('/api/keys', { ...body, name: 'other' }, 'a-2');
      expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_key_reused']);
    });

    it('is one request on every surface', async () => {
      const { id } = (await create('a-3')).body;
      expect((await post('/api/keys', body, 'a-3')).status).toBe(409);
      expect(await create('a-3')).toMatchObject(alreadyIssued(id));
    });

    it('with another body, or for something else, is refused', async () => {
      const { id } = (await create('a-4')).body;
      expect(await create('a-4', { ...body, name: 'other' })).toMatchObject(reused);
      expect(await rotate(id, 'a-4')).toMatchObject(reused);
      expect((await rotate(id, 'a-5')).status).toBe(201);
      expect(await rotate(id, 'a-5', { grace_period_hours: 1 })).toMatchObject(reused);
      expect(await rotate(id, 'a-5', { grace_period_hours: 24 })).toMatchObject(alreadyIssued(id));
      const { id: another } = (await create('a-6')).body;
      expect(await rotate(another, 'a-5')).toMatchObject(reused);
    });

    it('by another caller is another request', async () => {
      const { id, key } = (await create('a-7', { ...body, scopes: ['apikeys:write', ...body.scopes] })).body;
      const theirs = await create('a-7', body, key);
      expect(theirs.status).toBe(201);
      expect(await create('a-7', body, key)).toMatchObject(alreadyIssued(theirs.body.id));
      expect(await create('a-7', { ...body, scopes: ['apikeys:write', ...body.scopes] })).toMatchObject(
        alreadyIssued(id),
      );
    });

    it('answers the same when the key has ended meanwhile', async () => {
      const { id } = (await create('a-8')).body;
      await rotate(id, 'a-9');
      await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
      expect(await create('a-8')).toMatchObject(alreadyIssued(id));
      expect(await rotate(id, 'a-9')).toMatchObject(alreadyIssued(id));
    });

    it('waits, as a rotation does, until that holds everywhere', async () => {
      const { id } = (await create('a-10')).body;
      await rotate(id, 'a-11', { grace_period_hours: 0 });
      const before = issuance.settled.length;
      await rotate(id, 'a-11', { grace_period_hours: 0 });
      expect(issuance.settled.slice(before)).toMatchObject([{ kind: 'key', id, version: 2 }]);
    });
  });

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'x'.repeat(256)],
    ['with a space', 'a b'],
    ['beyond ASCII', 'schlüssel'],
    ['an empty string', '""'],
    ['a string without its end', '"a'],
    ['a string with parameters', '"a";b=1'],
  ])('refuses one that is %s', async (_what, idempotencyKey) => {
    const before = await liveKeys();
    for (const url of ['/api/v1/api-keys', `/api/v1/api-keys/${randomUUID()}/rotate`]) {
      const reply = await post(url, url.endsWith('rotate') ? {} : body, idempotencyKey);
      expect(reply).toMatchObject({ status: 400, body: { field: 'Idempotency-Key' } });
    }
    expect((await post('/api/keys', body, idempotencyKey)).body.error.field).toBe('Idempotency-Key');
    expect(await liveKeys()).toBe(before);
  });

  it('takes one of 255 characters, and a quoted one as the plain one', async () => {
    const { id } = (await create('x'.repeat(255))).body;
    expect(await create(`"${'x'.repeat(255)}"`)).toMatchObject(alreadyIssued(id));
    const { id: escaped } = (await create('a\\b"c')).body;
    expect(await create('"a\\\\b\\"c"')).toMatchObject(alreadyIssued(escaped));
  });

  describe('that fails', () => {
    const failing = async (idempotencyKey: string, first: () => Promise<Reply>, status: number) => {
      const before = await liveKeys();
      expect((await first()).status).toBe(status);
      const made = await create(idempotencyKey);
      expect(made.status).toBe(201);
      expect(await liveKeys()).toBe(before + 1);
    };

    it('leaves nothing, so it may be sent again: 400, 403, 409', async () => {
      const weak = (await create('f-0', { ...body, scopes: ['apikeys:write'] })).body;
      await failing('f-1', () => create('f-1', { ...body, scopes: ['alerts:red'] }), 400);
      expect((await create('f-2', body, weak.key)).status).toBe(403);
      expect((await create('f-2', { ...body, scopes: ['apikeys:write'] }, weak.key)).status).toBe(201);
      const { id } = (await create('f-3')).body;
      await issuance.call('DELETE', `/api/v1/api-keys/${id}`);
      await failing('f-4', () => rotate(id, 'f-4'), 409);
    });

    it('before its commit leaves nothing', () =>
      failing(
        'f-5',
        () => {
          atFailpoint('append.before_commit', () => Promise.reject(new AppError('service.unavailable')));
          return create('f-5');
        },
        503,
      ));

    it('after its commit has issued: repeating it says so, and of what', async () => {
      const before = await liveKeys();
      atFailpoint('append.committed', () => Promise.reject(new AppError('service.unavailable')));
      expect((await create('f-6')).status).toBe(503);
      expect(await liveKeys()).toBe(before + 1);
      const [newest] = (await issuance.call('GET', '/api/v1/api-keys?limit=1')).body.items;
      expect(await create('f-6')).toMatchObject(alreadyIssued(newest.id));
      expect(await liveKeys()).toBe(before + 1);
    });
  });

  describe('sent many times at once', () => {
    const outcomes = (replies: readonly Reply[]) => {
      const made = replies.filter(({ status }) => status === 201);
      expect(made).toHaveLength(1);
      const id: string = made[0]?.body.id;
      for (const reply of replies) if (reply.status !== 201) expect(reply).toMatchObject(alreadyIssued(id));
      return id;
    };

    it('makes one key', async () => {
      const before = await liveKeys();
      outcomes(await Promise.all(Array.from({ length: 100 }, () => create('many-1'))));
      expect(await liveKeys()).toBe(before + 1);
    });

    it('rotates once', async () => {
      const { id } = (await create('many-2')).body;
      outcomes(await Promise.all(Array.from({ length: 20 }, () => rotate(id, 'many-3'))));
      expect((await secretsOf(id)).map(([secret]) => secret)).toEqual([`${id}.1`, `${id}.2`]);
    });

    /** The second one begins when the first one is written, and before it is committed. */
    const both = async (requestsOnce: boolean) => {
      const store = new PostgresKeyStore(
        new PostgresEventStore(issuance.dataSource),
        new PostgresSubjects(issuance.dataSource),
        issuance.peppers,
        { adminTurns: true, requestsOnce },
      );
      const { workspaceId, ownerId } = issuance.identity.first;
      const request = { key: randomUUID(), workspaceId, actorId: keyId('test'), operation: 'create', body };
      const creation = (beforeCommit: () => Promise<void>) => {
        const newKeyId = keyId(randomUUID());
        const now = issuance.clock.now();
        const { scopes } = body;
        const grant = { scopes, plan: 'starter', assets: 'all', allowedIps: [], expiresAt: null } as const;
        return store
          .write({
            keyId: newKeyId,
            decide: (state) =>
              decide(
                {
                  type: 'CreateKey',
                  ...PLAIN_KEY,
                  ...{ keyId: newKeyId, displayId: newKeyId, workspaceId, userId: ownerId, name: 'x', grant, now },
                  scopesAsSent: scopes,
                  grantor: { kind: 'installation' },
                },
                state,
              ),
            meta: { actorId: 'test', workspaceId, requestId: 'test', at: now },
            request,
            beforeCommit,
          })
          .then(
            () => 'written',
            (error: unknown) => (isAppError(error) ? error.code : error),
          );
      };
      const [arrived, arrive] = gate();
      const [opened, open] = gate();
      const first = creation(async () => {
        arrive();
        await opened;
      });
      await arrived;
      // It waits either way; what differs is whether it looks at what it finds afterwards.
      const second = creation(() => Promise.resolve());
      await eventually(async () => {
        const [{ waiting }] = await issuance.dataSource.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(waiting).toBeGreaterThan(0);
      });
      open();
      return Promise.all([first, second]);
    };

    it('the second one waits for the first one, and then is a repetition', async () =>
      expect(await both(true)).toEqual(['written', 'claim.taken']));

    it('both would issue if the second one did not look what the first one left', async () =>
      expect(await both(false)).toEqual(['written', 'written']));
  });

  describe('whose answer was lost', () => {
    it('rotating again keeps the first old secret until its original end, and ends the lost one', async () => {
      const { id, key: first } = (await create('l-1')).body;
      const { key: lost } = (await rotate(id, 'l-2', { grace_period_hours: 48 })).body;
      const end = (await secretsOf(id))[0]?.[1];
      issuance.clock.advance(HOUR_MS);
      expect(await rotate(id, 'l-2', { grace_period_hours: 48 })).toMatchObject(alreadyIssued(id));

      const again = await rotate(id, 'l-3', { grace_period_hours: 48 });
      expect(again.status).toBe(201);
      expect(await secretsOf(id)).toEqual([
        [`${id}.1`, end],
        [`${id}.3`, null],
      ]);
      expect(await Promise.all([first, lost, again.body.key].map((key) => issuance.check(key)))).toEqual([
        200, 401, 200,
      ]);
      expect(issuance.settled.at(-1)).toMatchObject({ kind: 'key', id, version: 3 });
    });

    it('of a creation: rotating the key ends the secret that nobody has', async () => {
      const { id, key: lost } = (await create('l-4')).body;
      await create('l-4');
      const { key } = (await rotate(id, 'l-5')).body;
      expect(await secretsOf(id)).toEqual([[`${id}.2`, null]]);
      expect([await issuance.check(lost), await issuance.check(key)]).toEqual([401, 200]);
    });

    it('a rotation that nobody repeated was not lost: the next one ends the oldest', async () => {
      const { id } = (await create('l-6')).body;
      await rotate(id, 'l-7');
      expect(await rotate(id, 'l-7', { grace_period_hours: 2 })).toMatchObject(reused);
      await rotate(id, 'l-8');
      expect((await secretsOf(id)).map(([secret]) => secret)).toEqual([`${id}.2`, `${id}.3`]);
    });

    it('a secret that is presented was not lost', async () => {
      const maker = { ...body, scopes: ['apikeys:write', ...body.scopes] };
      const { id, key } = (await create('l-9', maker)).body;
      await create('l-9', maker);
      const { key: next } = (await rotate(id, 'l-10', {}, key)).body;
      expect([await issuance.check(key), await issuance.check(next)]).toEqual([200, 200]);
    });
  });

  describe('a day later', () => {
    const remembered = async () =>
      (await issuance.dataSource.query('SELECT count(*)::int AS count FROM idempotency'))[0].count as number;

    it('is a new request, and its secret was not lost', async () => {
      const { id } = (await create('d-1')).body;
      issuance.clock.advance(24 * HOUR_MS - 1);
      expect(await create('d-1')).toMatchObject(alreadyIssued(id));
      issuance.clock.advance(1);
      await rotate(id, 'd-2');
      expect((await secretsOf(id)).map(([secret]) => secret)).toEqual([`${id}.1`, `${id}.2`]);
      const made = await create('d-1', { ...body, name: 'another' });
      expect(made.status).toBe(201);
      expect(await create('d-1', { ...body, name: 'another' })).toMatchObject(alreadyIssued(made.body.id));
    });

    it('is forgotten, by and by, as others come', async () => {
      issuance.clock.advance(24 * HOUR_MS);
      const before = await remembered();
      expect(before).toBeGreaterThan(10);
      await create('d-3');
      expect(await remembered()).toBe(before - 10 + 1);
      for (let n = 0; n < before / 10; n += 1) await create(`d-4-${n}`);
      const rows: { idempotency_key: string }[] = await issuance.dataSource.query(
        'SELECT idempotency_key FROM idempotency',
      );
      expect(rows.every((row) => /^d-[34]/.test(row.idempotency_key))).toBe(true);
    });
  });
});
