import { parseEvent, type SubjectRef } from '@latchkey/contracts';
import { PostgresEventStore, rebuildProjection, type EventStore } from '@latchkey/event-store';
import { isClientSecret, parseKey, profileByName, type Profile } from '@latchkey/access';
import { clientId, requestId, type ClientId } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { PostgresClientCredentials } from './adapters/postgres-client-credentials';
import { RevokeAccessTokenHandler } from './application/revoke-access-token.handler';
import type { RotateClientSecret } from './domain/client/commands';
import { decide } from './domain/client/decide';
import { clientListProjection } from './projections/client-list.projection';
import { ApplicationService, type Sent } from './testing/application-service';

const HOUR_MS = 3_600_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const body = { name: 'Nightly import', scopes: ['assets:read', 'scans:write'] };
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const publicJwk = (type: 'RSA' | 'EC', bits = 2_048) => {
  const { publicKey, privateKey } =
    type === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { publicKey: publicKey.export({ format: 'jwk' }), privateKey: privateKey.export({ format: 'jwk' }) };
};

describe('S1-07: OAuth applications', () => {
  let oauth: ApplicationService;
  beforeAll(async () => {
    oauth = await ApplicationService.start();
  });
  afterAll(() => oauth.stop());

  const register = (overrides: object = {}, sent: Sent = {}) =>
    oauth.call('POST', '', { ...sent, body: { ...body, ...overrides } });
  const registered = async (overrides: object = {}, sent: Sent = {}) => (await register(overrides, sent)).body;
  const rotate = (id: string, sent?: unknown, more: Sent = {}) =>
    oauth.call('POST', `/${id}/rotate-secret`, { ...more, ...(sent !== undefined && { body: sent }) });
  const subjectOf = async (id: string) => {
    const [snapshot] = await oauth.read('oauth', [{ kind: 'client', id } satisfies SubjectRef]);
    return snapshot?.body;
  };
  const owns = async (secret: string) => {
    const credentials = new PostgresClientCredentials(oauth.dataSource, oauth.peppers);
    const [ref] = await credentials.resolve([sha256(secret)]);
    return ref ?? null;
  };

  it('registering answers 201 with the client id and the client secret, once', async () => {
    const reply = await register();
    expect([reply.status, reply.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(reply.body).toEqual({
      id: expect.stringMatching(UUID),
      client_id: reply.body.id,
      client_secret: expect.stringMatching(/^s4e_client_[0-9a-z]{32}$/),
      ...body,
      ...{ scope_sets: [], plan: 'standard', allowed_ips: [], assets: 'all', token_lifetime_seconds: 3_600 },
      ...{ authentication: 'client_secret', jwks: null, status: 'active' },
      created_at: '2026-04-28T12:00:00Z',
      ...{ created_by: oauth.owner, last_used: null },
      secrets: [{ id: `${reply.body.id}.1`, created_at: '2026-04-28T12:00:00Z', grace_until: null }],
    });
    const { client_secret: secret, ...record } = reply.body;
    expect((await oauth.call('GET', `/${record.id}`)).body).toEqual(record);
    expect([isClientSecret(secret), parseKey(secret).kind]).toEqual([true, 'malformed']);
    expect(await owns(secret)).toEqual({ workspaceId: oauth.workspace, clientId: record.id, secretNumber: 1 });
  });

  it('S1-14, S1-15 takes every scope that a key can have, and shows it as it was written', async () => {
    const scopes = [
      ...['assets:read', 'assets:write', 'scans:read', 'scans:write', 'findings:read', 'findings:write'],
      ...['reports:read', 'actions:execute', 'webhooks:manage', 'admin:full', 'read:assets'],
    ];
    const reply = await register({ scopes });
    expect([reply.status, reply.body.scopes]).toEqual([201, scopes.slice(0, -1)]);
    expect((await registered({ scopes: ['read:assets'] })).scopes).toEqual(['read:assets']);
  });

  it.each<[string, object, string, string]>([
    ['an unknown scope', { scopes: ['assets:read', 'nothing:much'] }, 'scopes.1', 'Unknown scope "nothing:much".'],
    ['an unknown plan', { plan: 'x' }, 'plan', 'Unknown plan "x".'],
    ['no address', { allowed_ips: ['10.0.0.1/8'] }, 'allowed_ips.0', 'Did you mean 10.0.0.0/8?'],
    ['an unknown field', { role: 'x' }, 'role', 'Unknown field "role".'],
    ['no name', { name: ' ' }, 'name', '"name" must not be blank.'],
    ['no scope', { scopes: [] }, 'scopes', '"scopes" must have at least 1 item.'],
    ['a life too short', { token_lifetime_seconds: 59 }, 'token_lifetime_seconds', 'at least 60'],
    ['a life too long', { token_lifetime_seconds: 86_401 }, 'token_lifetime_seconds', 'at most 86400'],
    ['keys and a secret', { authentication: 'client_secret', jwks: { keys: [publicJwk('EC').publicKey] } }, 'jwks', ''],
    ['neither', { authentication: 'private_key_jwt' }, 'jwks', '"jwks" must be there for private_key_jwt'],
    ['no key', { jwks: { keys: [] } }, 'jwks.keys', 'at least 1 item'],
  ])('refuses %s, and names the field', async (_what, overrides, field, says) => {
    const reply = await register(overrides);
    expect([reply.status, reply.headers['content-type']]).toEqual([400, expect.stringContaining('problem+json')]);
    expect(reply.body).toMatchObject({ field, detail: expect.stringContaining(says) });
  });

  it('an application with public keys has no secret, and what is kept is what verifies', async () => {
    const [ec, rsa] = [publicJwk('EC').publicKey, publicJwk('RSA').publicKey];
    const keys = [
      { ...ec, kid: '2026-04', use: 'sig', key_ops: ['verify'] },
      { ...rsa, alg: 'PS256' },
    ];
    const reply = await register({ jwks: { keys } });
    expect(reply.status).toBe(201);
    expect(reply.body).not.toHaveProperty('client_secret');
    expect(reply.body).toMatchObject({
      ...{ authentication: 'private_key_jwt', secrets: [] },
      jwks: {
        keys: [
          { ...ec, kid: '2026-04' },
          { ...rsa, alg: 'PS256' },
        ],
      },
    });
    expect((await rotate(reply.body.id)).body).toMatchObject({ status: 409, code: 'client.other_authentication' });
    const narrowed = await oauth.call('PATCH', `/${reply.body.id}`, { body: { jwks: { keys: [rsa] } } });
    expect([narrowed.status, narrowed.body.jwks]).toEqual([200, { keys: [rsa] }]);
  });

  const { publicKey: ec, privateKey } = publicJwk('EC');
  const rsa = publicJwk('RSA').publicKey;
  it.each<[string, object[], string]>([
    ['a private key', [privateKey], 'jwks.keys.0'],
    ['a symmetric key', [{ kty: 'oct', k: 'c2VjcmV0' }], 'jwks.keys.0'],
    ['an RSA key that is too short', [publicJwk('RSA', 1_024).publicKey], 'jwks.keys.0.n'],
    ['an RSA key with a small exponent', [{ ...rsa, e: 'Aw' }], 'jwks.keys.0.e'],
    ['a point that is not on the curve', [{ ...ec, y: ec.x }], 'jwks.keys.0'],
    ['another curve', [{ ...ec, crv: 'P-384' }], 'jwks.keys.0.crv'],
    ['padding', [{ ...ec, x: `${ec.x}=` }], 'jwks.keys.0.x'],
    ['an algorithm of another type', [{ ...ec, alg: 'RS256' }], 'jwks.keys.0.alg'],
    ['a key to encrypt with', [{ ...ec, use: 'enc' }], 'jwks.keys.0.use'],
    ['an address to fetch keys from', [{ ...ec, x5u: 'https://a.example' }], 'jwks.keys.0.x5u'],
    ['a key twice', [ec, { ...ec, kid: 'b' }], 'jwks.keys'],
    [
      'two keys of one name',
      [
        { ...ec, kid: 'a' },
        { ...rsa, kid: 'a' },
      ],
      'jwks.keys',
    ],
    ['six keys', Array.from({ length: 6 }, () => publicJwk('EC').publicKey), 'jwks.keys'],
  ])('refuses %s', async (_what, keys, field) => {
    const reply = await register({ jwks: { keys } });
    expect([reply.status, reply.body.field]).toEqual([400, field]);
    expect(reply.text + oauth.log.join('')).not.toContain(privateKey.d);
  });

  it('a workspace has ten thousand of them at most, deleted ones not counted', async () => {
    const { id } = await registered();
    await oauth.dataSource.query(
      `INSERT INTO client_list SELECT (jsonb_populate_record(one, jsonb_build_object('client_id', 'copy-' || n))).*
         FROM client_list one, generate_series(1, 10000 - (SELECT count(*) FROM client_list WHERE deleted_at IS NULL)) n
        WHERE client_id = $1`,
      [id],
    );
    try {
      const refused = await register();
      expect([refused.status, refused.body.code]).toEqual([409, 'client.too_many']);
      await oauth.call('DELETE', `/${id}`);
      expect((await register()).status).toBe(201);
      expect((await register()).status).toBe(409);
    } finally {
      await oauth.dataSource.query(`DELETE FROM client_list WHERE client_id LIKE 'copy-%'`);
    }
  });

  it('changes what is named, and holds on every node before the answer', async () => {
    const { id } = await registered({ plan: 'premium' });
    const patch = {
      ...{ name: 'Import', scopes: ['assets:read'], allowed_ips: ['10.0.0.0/8'], plan: 'standard' },
      ...{ assets: ['b.example', 'a.example'], token_lifetime_seconds: 600 },
    };
    const reply = await oauth.call('PATCH', `/${id}`, { body: patch });
    expect([reply.status, reply.body]).toMatchObject([200, { ...patch, assets: ['a.example', 'b.example'] }]);
    expect(oauth.settled.at(-1)).toEqual({ kind: 'client', id, workspaceId: oauth.workspace, version: 2 });
    expect(await subjectOf(id)).toMatchObject({
      ...{ name: 'Import', scopes: ['assets:read'], allowedIps: ['10.0.0.0/8'], assets: ['a.example', 'b.example'] },
      tokenLifetimeSeconds: 600,
    });
    await oauth.call('PATCH', `/${id}`, { body: patch });
    expect(oauth.settled.at(-1)).toMatchObject({ id, version: 2 });
  });

  it('rotates: both secrets live in the grace period, and grace 0 ends secret and tokens', async () => {
    const { id, client_secret: first } = await registered();
    const second = await rotate(id, { grace_period_hours: 48 });
    expect(second.status).toBe(201);
    const graceMs = Date.parse(second.body.secrets[0].grace_until) - oauth.clock.now().getTime();
    expect([second.body.secrets.length, graceMs]).toEqual([2, 48 * HOUR_MS]);
    expect(await subjectOf(id)).toMatchObject({ tokenGeneration: 1, secrets: [{ number: 1 }, { number: 2 }] });
    const third = await rotate(id, { grace_period_hours: 0 });
    expect(third.body.secrets).toEqual([expect.objectContaining({ id: `${id}.3`, grace_until: null })]);
    expect(await subjectOf(id)).toMatchObject({
      ...{ tokenGeneration: 2, secrets: [{ number: 3, graceUntilMs: null }] },
    });
    expect(oauth.settled.at(-1)).toMatchObject({ id, version: 3 });
    const refs = await Promise.all([first, second.body.client_secret, third.body.client_secret].map(owns));
    expect(refs.map((ref) => ref?.secretNumber)).toEqual([1, 2, 3]);
  });

  it('of a hundred rotations at once, each secret that was shown is the one before or the current one', async () => {
    const { id } = await registered();
    const replies = await Promise.all(Array.from({ length: 100 }, () => rotate(id)));
    const statuses = replies.map(({ status }) => status);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    const shown = replies.filter(({ status }) => status === 201);
    expect(shown.length).toBeGreaterThanOrEqual(1);
    const { secrets } = (await oauth.call('GET', `/${id}`)).body;
    expect([secrets.length, secrets.at(-1).id]).toEqual([2, `${id}.${shown.length + 1}`]);
    const numbers = await Promise.all(shown.map(async (reply) => (await owns(reply.body.client_secret))?.secretNumber));
    expect(numbers.sort((a = 0, b = 0) => a - b)).toEqual(shown.map((_, place) => place + 2));
  });

  it('of a hundred who replace the same secret one wins', async () => {
    const { id } = await registered();
    const grant = {
      scopes: ['admin:full'],
      plan: 'unlimited',
      assets: 'all',
      allowedIps: [],
      expiresAt: null,
    } as const;
    const command: RotateClientSecret = {
      ...{ type: 'RotateClientSecret', replaces: 1, lost: false, gracePeriodMs: HOUR_MS, now: oauth.clock.now() },
      grantor: {
        userId: oauth.owner,
        profile: profileByName('s4e') as Profile,
        grant,
        ofOwner: true,
        setScopes: new Map(),
      },
    };
    const write = () =>
      oauth.store().write({
        clientId: clientId(id),
        decide: (state) => decide(command, state),
        meta: { actorId: 'test', workspaceId: oauth.workspace, requestId: 'test', at: oauth.clock.now() },
      });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, write));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual(
      Array(99).fill({ status: 'rejected', reason: expect.objectContaining({ code: 'stream.version_conflict' }) }),
    );
  });

  it('suspends, resumes, ends tokens and deletes, each settled before its answer, also when repeated', async () => {
    const { id } = await registered();
    const does = async (what: string) => {
      const reply = await oauth.call('POST', `/${id}/${what}`);
      return [reply.status, reply.body.status, oauth.settled.at(-1)?.version];
    };
    expect(await does('suspend')).toEqual([200, 'suspended', 2]);
    expect(await does('suspend')).toEqual([200, 'suspended', 2]);
    expect(await subjectOf(id)).toMatchObject({ status: 'suspended' });
    expect(await does('resume')).toEqual([200, 'active', 3]);
    expect(await does('end-tokens')).toEqual([200, 'active', 4]);
    expect(await subjectOf(id)).toMatchObject({ status: 'active', tokenGeneration: 2 });
    for (const version of [5, 5]) {
      const reply = await oauth.call('DELETE', `/${id}`);
      expect([reply.status, reply.text, oauth.settled.at(-1)?.version]).toEqual([204, '', version]);
    }
    expect(await subjectOf(id)).toMatchObject({ status: 'deleted', secrets: [] });
    expect((await oauth.call('GET', `/${id}`)).body).toMatchObject({ status: 'deleted', secrets: [] });
    for (const what of ['suspend', 'resume', 'rotate-secret']) {
      expect((await oauth.call('POST', `/${id}/${what}`)).body).toMatchObject({ status: 409, code: 'client.deleted' });
    }
  });

  it('lists newest first, page by page, and shows no other workspace’s', async () => {
    const other = await ApplicationService.start();
    try {
      const ids: string[] = [];
      for (let count = 0; count < 5; count += 1) {
        other.clock.advance(1);
        ids.unshift((await other.call('POST', '', { body })).body.id);
      }
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page: { body: { items: { id: string }[]; next_cursor: string | null } } = await other.call(
          'GET',
          `?limit=2${query}`,
        );
        seen.push(...page.body.items.map(({ id }) => id));
        cursor = page.body.next_cursor;
      } while (cursor !== null);
      expect(seen).toEqual(ids);

      const stranger = '01900000-0000-7000-8000-0000000000e2' as typeof other.workspace;
      other.setWorkspace({}, stranger);
      const user = other.addMember('owner');
      other.setRole(user, 'owner', stranger);
      const as = other.openSession(user, stranger);
      expect((await other.call('GET', '', { as })).body).toEqual({ items: [], next_cursor: null });
      const [id = ''] = ids;
      for (const [method, path] of [
        ['GET', `/${id}`],
        ['DELETE', `/${id}`],
        ['POST', `/${id}/suspend`],
        ['POST', `/${id}/rotate-secret`],
        ['GET', '/nonsense'],
      ] as const) {
        expect((await other.call(method, path, { as })).body).toMatchObject({ status: 404, code: 'client.not_found' });
      }
      expect((await other.call('GET', `?cursor=${encodeURIComponent('x')}`)).status).toBe(400);
    } finally {
      await other.stop();
    }
  });

  it('C31 a request with an Idempotency-Key makes one application, and its repetition hears of which', async () => {
    const headers = { 'idempotency-key': 'register-1' };
    const replies = await Promise.all(Array.from({ length: 5 }, () => register({}, { headers })));
    const made = replies.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      expect(reply.body).toMatchObject({
        ...{ status: 409, code: 'client.secret_already_issued', client_id: made[0]?.body.id },
      });
    }
    expect((await register({ name: 'another' }, { headers })).status).toBe(422);
    expect(
      (await oauth.call('GET', '?limit=200')).body.items.filter(({ id }: { id: string }) => id === made[0]?.body.id),
    ).toHaveLength(1);
  });

  it('C31 a rotation whose answer was lost costs the secret before it nothing', async () => {
    const { id } = await registered();
    const headers = { 'idempotency-key': `rotate-${id}` };
    const first = await rotate(id, { grace_period_hours: 24 }, { headers });
    const again = await rotate(id, { grace_period_hours: 24 }, { headers });
    expect(again.body).toMatchObject({ status: 409, code: 'client.secret_already_issued', client_id: id });
    const third = await rotate(id, { grace_period_hours: 1 });
    expect(third.body.secrets.map((secret: { id: string }) => secret.id)).toEqual([`${id}.1`, `${id}.3`]);
    expect(third.body.secrets[0].grace_until).toBe(first.body.secrets[0].grace_until);
  });

  it('without that safeguard several requests of one Idempotency-Key make several applications', async () => {
    const store = oauth.store({ requestsOnce: false });
    const write = (id: string) =>
      store.write({
        clientId: id as ClientId,
        decide: () => [
          {
            type: 'latchkey.client.registered.v1',
            data: {
              ...{ clientId: id, workspaceId: oauth.workspace, userId: oauth.owner, name: 'x', scopes: [] },
              ...{ scopesAsSent: [], allowedIps: [], assets: 'all', plan: 'standard', tokenLifetimeSeconds: 60 },
              ...{ authentication: 'private_key_jwt', publicKeys: [], secretId: null },
              registeredAt: '2026-04-28T12:00:00.000Z',
            },
          },
        ],
        meta: { actorId: 'test', workspaceId: oauth.workspace, requestId: 'test', at: oauth.clock.now() },
        request: {
          ...{ key: 'unsafe', workspaceId: oauth.workspace, actorId: 'test', operation: 'register', body: {} },
        },
      });
    const ids = ['01900000-0000-7000-8000-00000000ab01', '01900000-0000-7000-8000-00000000ab02'];
    expect((await Promise.allSettled(ids.map(write))).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('a revoked token is in the client’s subject before the answer, and there once', async () => {
    const { id } = await registered();
    const revoke = (jti: string) =>
      oauth.service.app.get(RevokeAccessTokenHandler, { strict: false }).execute({
        ...{ clientId: clientId(id), workspaceId: oauth.workspace, jti, requestId: requestId('r') },
        expiresAt: new Date(oauth.clock.now().getTime() + HOUR_MS),
      });
    await revoke('t1');
    await revoke('t1');
    expect(oauth.settled.at(-1)).toMatchObject({ id, version: 2 });
    expect(await subjectOf(id)).toMatchObject({ revokedTokens: [{ jti: 't1' }] });
  });

  it('however many tokens a client has revoked, one more reads none of its past', async () => {
    const { id } = await registered();
    const events = new PostgresEventStore(oauth.dataSource);
    const read: number[] = [];
    const counted: EventStore = {
      append: (append) => events.append(append),
      async readStream(streamId, afterVersion) {
        const found = await events.readStream(streamId, afterVersion);
        read.push(found.length);
        return found;
      },
    };
    const settlement = { settle: () => Promise.resolve() };
    const handler = new RevokeAccessTokenHandler(oauth.store(undefined, counted), settlement, oauth.clock);
    for (const jti of ['t1', 't2', 't3']) {
      await handler.execute({
        ...{ clientId: clientId(id), workspaceId: oauth.workspace, jti, requestId: requestId('r') },
        expiresAt: new Date(oauth.clock.now().getTime() + HOUR_MS),
      });
    }
    expect(read).toEqual([0, 0, 0]);
    expect(await subjectOf(id)).toMatchObject({ revokedTokens: [{ jti: 't1' }, { jti: 't2' }, { jti: 't3' }] });
    expect((await oauth.dataSource.query('SELECT FROM events WHERE stream_id = $1', [id])).length).toBe(4);
  });

  it('publishes every event in the form of its schema, and neither they nor log nor tables hold a secret or a digest', async () => {
    const { id, client_secret: first } = await registered();
    await oauth.call('PATCH', `/${id}`, { body: { name: 'renamed' } });
    const { client_secret: second } = (await rotate(id, { grace_period_hours: 0 })).body;
    await oauth.call('POST', `/${id}/suspend`);
    await oauth.call('POST', `/${id}/resume`);
    await oauth.call('DELETE', `/${id}`);
    const own = () => oauth.published.filter(({ key }) => key === id);
    await eventually(() => expect(own()).toHaveLength(7));
    const events = own().map(({ value }) => parseEvent(JSON.parse(value.toString())));
    expect(events.map(({ type }) => type.split('.').slice(2, 3)[0])).toEqual([
      ...['registered', 'updated', 'secret_rotated', 'tokens_ended', 'suspended', 'resumed', 'deleted'],
    ]);
    expect(events.every(({ source }) => source === 'latchkey/oauth')).toBe(true);
    const tables: { name: string }[] = await oauth.dataSource.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'oauth'`,
    );
    const rows = await Promise.all(
      tables.map(({ name }): Promise<object[]> => oauth.dataSource.query(`SELECT t::text AS row FROM "${name}" t`)),
    );
    const told = JSON.stringify(events) + oauth.log.join('');
    const everything = told + JSON.stringify(rows);
    for (const secret of [first, second]) {
      expect(everything).not.toContain(secret.slice('s4e_client_'.length));
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(everything).not.toContain(sha256(secret).toString(form));
        for (const digest of oauth.peppers.all(sha256(secret))) expect(told).not.toContain(digest.toString(form));
      }
    }
  });

  it('the list of applications is what its events say, byte for byte', async () => {
    expect(await rebuildProjection(oauth.dataSource, clientListProjection)).toMatchObject({ equal: true });
    await oauth.dataSource.query(`UPDATE client_list SET name = 'forged'`);
    expect(await rebuildProjection(oauth.dataSource, clientListProjection)).toMatchObject({ equal: false });
    await rebuildProjection(oauth.dataSource, clientListProjection, { replace: true });
    expect(await rebuildProjection(oauth.dataSource, clientListProjection)).toMatchObject({ equal: true });
  });
});
