import { formatClientSecret, formatKey, profileByName, type Profile } from '@latchkey/access';
import { rebuildProjection } from '@latchkey/event-store';
import type { UserId } from '@latchkey/kernel';
import { eventually } from '@latchkey/testing';
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { keyLeakProjection } from './projections/key-leak.projection';
import { issuanceService, type IssuanceService, type Reply } from './testing/issuance-service';

const URL = '/api/v1/leaks/github';
const HOUR_MS = 3_600_000;
const s4e = profileByName('s4e') as Profile;

type Finding = Readonly<Record<string, unknown>>;

describe('a report of keys that were found in public', () => {
  let folder: string;
  let service: IssuanceService;
  const github = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'leak-keys-'));
    const file = path.join(folder, 'keys.json');
    const pem = github.publicKey.export({ type: 'spki', format: 'pem' });
    await writeFile(file, JSON.stringify({ public_keys: [{ key_identifier: 'k1', key: pem, is_current: true }] }));
    service = await issuanceService('s4e', undefined, { leakKeysUrl: pathToFileURL(file).href });
  });
  afterAll(async () => {
    await service?.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => policy('revoke'));

  const policy = (leakedKeys: 'notify' | 'rotate' | 'revoke') =>
    service.identity.set({ keyPolicy: { expiryRequired: false, maxLifetimeDays: null, leakedKeys } });
  const sent = (body: string, { key = github.privateKey, id = 'k1' }: { key?: KeyObject; id?: string } = {}) =>
    service.call('POST', URL, {
      ...{ key: '', body },
      headers: {
        'github-public-key-identifier': id,
        'github-public-key-signature': sign('sha256', Buffer.from(body), key).toString('base64'),
      },
    });
  const report = (...findings: readonly Finding[]): Promise<Reply> => sent(JSON.stringify(findings));
  const finding = (token: string, more: Finding = {}): Finding => ({
    ...{ token, type: 'latchkey_key', url: 'https://git.example/octocat/a/blob/1/config.py', source: 'commit' },
    ...more,
  });
  const make = async (name = 'CI deploy', grant: Finding = { scopes: ['assets:read'] }) => {
    const { body } = await service.call('POST', '/api/v1/api-keys', { body: { name, ...grant } });
    return { id: String(body.id), secret: String(body.key) };
  };
  const rotate = async (id: string, hours: number) => {
    const rotated = await service.call('POST', `/api/v1/api-keys/${id}/rotate`, {
      body: { grace_period_hours: hours },
    });
    expect(rotated.status).toBe(201);
    return String(rotated.body.key);
  };
  const leaks = async (key = service.admin) =>
    (await service.call('GET', '/api/v1/leaks?limit=200', { key })).body.items;
  const leaksOf = async (id: string) => (await leaks()).filter(({ key_id: keyId }: { key_id: string }) => keyId === id);
  const label = (token: string, is: string) => ({
    ...{ token_hash: createHash('sha256').update(token).digest('hex'), token_type: 'latchkey_key', label: is },
  });

  it('ends the secret before it is answered, and the answer says that it was one', async () => {
    const { id, secret } = await make();
    expect(await service.check(secret)).toBe(200);
    const letGo = service.settlement.hold();
    let answered = false;
    const answer = report(finding(secret)).finally(() => (answered = true));
    await eventually(() => expect(service.settled.map((changed) => changed.id)).toContain(id));
    expect([answered, await service.check(secret)]).toEqual([false, 401]);
    letGo();
    const { status, body, headers } = await answer;
    expect([status, body, headers['cache-control']]).toEqual([200, [label(secret, 'true_positive')], 'no-store']);
  });

  it('tells keys from what is none, and says nothing of the secrets of applications', async () => {
    const { secret } = await make();
    const typo = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
    const unknown = formatKey(s4e, 'live', (count) => randomBytes(count)).reveal();
    const ofClient = formatClientSecret(s4e, (count) => randomBytes(count)).reveal();
    const { body } = await report(
      ...[typo, ofClient, secret, unknown, 'AKIAIOSFODNN7EXAMPLE'].map((token) => finding(token)),
    );
    expect(body).toEqual([
      label(typo, 'false_positive'),
      label(secret, 'true_positive'),
      label(unknown, 'false_positive'),
      label('AKIAIOSFODNN7EXAMPLE', 'false_positive'),
    ]);
  });

  it('says of a secret that has ended that it was one, and records it', async () => {
    const { id, secret } = await make();
    await service.call('DELETE', `/api/v1/api-keys/${id}`);
    expect((await report(finding(secret))).body).toEqual([label(secret, 'true_positive')]);
    expect(await leaksOf(id)).toMatchObject([{ policy: 'revoke', secret: { status: 'ended', ends_at: null } }]);
  });

  it('leaves no trace of the secret itself: not where it stands in the address either', async () => {
    const { id, secret } = await make();
    const url = `https://git.example/find?q=${secret}&page=2`;
    const encoded = `https://git.example/${secret.replaceAll('_', '%5F')}`;
    const { text } = await report(finding(secret, { url }), finding(secret, { url: encoded, source: secret }));
    const stored = await service.dataSource.query(
      `SELECT convert_from(data, 'UTF8') AS text FROM events WHERE stream_id = $1
       UNION ALL SELECT l::text FROM key_leak l`,
      [id],
    );
    const kept = JSON.stringify([stored, text, service.log, service.published, (await leaksOf(id)) as unknown]);
    const random = secret.slice('s4e_live_'.length);
    expect([kept.includes(random), kept.includes('page=2')]).toEqual([false, true]);
  });

  describe('that GitHub has not signed', () => {
    it.each([
      ['is signed by a stranger', { key: stranger.privateKey }],
      ['names a key that there is not', { id: 'k2' }],
      ['names a key in no form', { id: '../../etc' }],
    ])('(it %s) does nothing', async (_what, signature) => {
      const { secret } = await make();
      expect((await sent(JSON.stringify([finding(secret)]), signature)).status).toBe(401);
      expect(await service.check(secret)).toBe(200);
    });

    it.each([
      ['no signature', {}],
      ['a signature in no form', { 'github-public-key-identifier': 'k1', 'github-public-key-signature': '!' }],
    ])('(it has %s) does nothing', async (_what, headers) => {
      const { secret } = await make();
      const { status } = await service.call('POST', URL, { key: '', headers, body: [finding(secret)] });
      expect([status, await service.check(secret)]).toEqual([401, 200]);
    });

    it('in these very bytes does nothing', async () => {
      const { secret } = await make();
      const body = JSON.stringify([finding(secret)]);
      const signature = sign('sha256', Buffer.from(body), github.privateKey).toString('base64');
      const headers = { 'github-public-key-identifier': 'k1', 'github-public-key-signature': signature };
      const { status } = await service.call('POST', URL, { key: '', headers, body: `${body} ` });
      expect([status, await service.check(secret)]).toEqual([401, 200]);
    });

    it('is not even read after 30 from one address in a minute, while others are', async () => {
      const from = (remoteAddress: string, headers = {}) =>
        service.service.fastify.inject({
          ...{ method: 'POST', url: URL, remoteAddress, payload: '[]' },
          headers: { 'content-type': 'application/json', ...headers },
        });
      for (let count = 0; count < 30; count += 1) expect((await from('192.0.2.66')).statusCode).toBe(401);
      const refused = await from('192.0.2.66');
      expect([refused.statusCode, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
      expect((await from('192.0.2.67')).statusCode).toBe(401);
      service.clock.advance(61_000);
      expect((await from('192.0.2.66')).statusCode).toBe(401);
    });
  });

  it.each([
    ['no JSON', '[{"token":', 400],
    ['no list', '{"token":"x"}', 400],
    ['a finding without a token', '[{"type":"x"}]', 400],
    ['deeper than anything honest', `${'['.repeat(40)}${']'.repeat(40)}`, 400],
    ['more than 1,000 findings', JSON.stringify(Array(1_001).fill({ token: 'x' })), 413],
    ['nothing', '[]', 200],
    ['a finding without a place', '[{"token":"x","url":null}]', 200],
  ])('with %s in it is answered for what it is', async (_what, body, status) => {
    expect((await sent(body)).status).toBe(status);
  });

  it('says once what is reported again and again, and has every place', async () => {
    const { id, secret } = await make();
    policy('notify');
    const again = [finding(secret), finding(secret), finding(secret, { url: 'https://git.example/other' })];
    await report(...again);
    await report(...again);
    expect((await leaksOf(id)).map(({ url }: { url: string }) => url).sort()).toEqual([
      'https://git.example/octocat/a/blob/1/config.py',
      'https://git.example/other',
    ]);
  });

  it('has 100 places of one secret at most', async () => {
    const { id, secret } = await make();
    policy('notify');
    await report(
      ...Array.from({ length: 120 }, (_, place) => finding(secret, { url: `https://git.example/${place}` })),
    );
    expect(await leaksOf(id)).toHaveLength(100);
  });

  it('ends even the last admin key: everybody has it', async () => {
    const other = await issuanceService('s4e', undefined, {
      leakKeysUrl: pathToFileURL(path.join(folder, 'keys.json')).href,
    });
    const body = JSON.stringify([finding(other.admin)]);
    const signature = sign('sha256', Buffer.from(body), github.privateKey).toString('base64');
    const headers = { 'github-public-key-identifier': 'k1', 'github-public-key-signature': signature };
    const { status } = await other.call('POST', URL, { key: '', headers, body });
    const after = await other.check(other.admin);
    await other.stop();
    expect([status, after]).toEqual([200, 401]);
  });

  it('that cannot be carried out for one workspace is for the others, and is to be sent again', async () => {
    const [mine, theirs] = [await make('mine'), await make('theirs')];
    const { read } = service.identity;
    let asked = 0;
    service.identity.read = (owner, subjects) => {
      asked += 1;
      return asked <= 1 ? Promise.reject(new Error('away')) : read.call(service.identity, owner, subjects);
    };
    const { status } = await report(finding(mine.secret), finding(theirs.secret));
    service.identity.read = read;
    expect(status).toBeGreaterThanOrEqual(500);
    expect([await service.check(mine.secret), await service.check(theirs.secret)]).toEqual([200, 401]);
    expect((await report(finding(mine.secret), finding(theirs.secret))).status).toBe(200);
    expect(await service.check(mine.secret)).toBe(401);
  });

  describe('in a workspace that only wants to be told', () => {
    beforeEach(() => policy('notify'));

    it('leaves the secret as it is', async () => {
      const { id, secret } = await make();
      await report(finding(secret));
      expect(await service.check(secret)).toBe(200);
      expect(await leaksOf(id)).toMatchObject([{ policy: 'notify', secret: { status: 'live', ends_at: null } }]);
    });

    it('ends it when the workspace wants more by the time that it is reported again', async () => {
      const { id, secret } = await make();
      await report(finding(secret));
      policy('revoke');
      await report(finding(secret));
      expect(await service.check(secret)).toBe(401);
      expect((await leaksOf(id)).map((leak: { policy: string }) => leak.policy)).toEqual(['revoke', 'notify']);
    });
  });

  describe('in a workspace that wants its keys rotated', () => {
    beforeEach(() => policy('rotate'));

    it('gives the secret a day, and its owner gets a new one meanwhile', async () => {
      const { id, secret } = await make();
      await report(finding(secret));
      expect(await service.check(secret)).toBe(200);
      const next = await rotate(id, 720);
      service.clock.advance(24 * HOUR_MS - 1_000);
      expect([await service.check(secret), await service.check(next)]).toEqual([200, 200]);
      service.clock.advance(1_000);
      expect([await service.check(secret), await service.check(next)]).toEqual([401, 200]);
    });

    it('gives it no other day when it is reported again', async () => {
      const { id, secret } = await make();
      await report(finding(secret));
      service.clock.advance(12 * HOUR_MS);
      await Promise.all([report(finding(secret)), report(finding(secret, { url: 'https://git.example/other' }))]);
      expect(await service.check(secret)).toBe(200);
      service.clock.advance(12 * HOUR_MS);
      expect(await service.check(secret)).toBe(401);
      expect(await leaksOf(id)).toHaveLength(2);
    });

    it('ends the secret of a key that is suspended, which cannot be rotated', async () => {
      const { id, secret } = await make();
      expect((await service.call('POST', `/api/v1/api-keys/${id}/suspend`, { body: {} })).status).toBe(200);
      await report(finding(secret));
      expect(await leaksOf(id)).toMatchObject([{ secret: { status: 'ended' } }]);
    });

    it.each([
      ['by a scope', async () => ({ scopes: ['assets:read', 'apikeys:write'] })],
      [
        'by a scope set',
        async () => {
          const set = { name: 'Registrars', scopes: ['oauth:write'] };
          const { body } = await service.call('POST', '/api/v1/scope-sets', { body: set });
          return { scopes: ['assets:read'], scope_sets: [body.id] };
        },
      ],
      ['as an admin', async () => ({ scopes: ['admin:full'] })],
    ])('ends one at once that makes others (%s), as its finder would have them for good', async (_how, grant) => {
      const { id, secret } = await make('Maker', await grant());
      expect(await service.check(secret)).toBe(200);
      await report(finding(secret));
      expect(await service.check(secret)).toBe(401);
      expect(await leaksOf(id)).toMatchObject([{ policy: 'rotate', secret: { status: 'ended' } }]);
    });

    it('ends an old secret at once, as its owner has the new one', async () => {
      const { id, secret } = await make();
      const next = await rotate(id, 720);
      await report(finding(secret));
      expect([await service.check(secret), await service.check(next)]).toEqual([401, 200]);
      expect(await leaksOf(id)).toMatchObject([{ secret_id: `${id}.1`, secret: { status: 'ended' } }]);
    });
  });

  it('of one secret leaves the other secret of its key alone', async () => {
    const { id, secret } = await make();
    const next = await rotate(id, 720);
    await report(finding(next));
    expect([await service.check(secret), await service.check(next)]).toEqual([200, 401]);
    expect(await leaksOf(id)).toMatchObject([{ secret_id: `${id}.2` }]);
  });

  describe('is read', () => {
    it('with the key, the place, how it stands now, and where to see what was done', async () => {
      policy('notify');
      const { id, secret } = await make('Nightly');
      const at = service.clock.now().toISOString().replace('.000Z', 'Z');
      await report(finding(secret));
      const [leak] = await leaksOf(id);
      expect(leak).toEqual({
        ...{ id: leak.id, reported_at: at, reported_by: 'github', policy: 'notify', source: 'commit' },
        url: 'https://git.example/octocat/a/blob/1/config.py',
        ...{ key_id: id, key_name: 'Nightly', secret_id: `${id}.1` },
        secret: { status: 'live', ends_at: null, last_used: null },
        decisions: {
          all: `/api/v1/access-decisions?key=${id}.1`,
          since_report: `/api/v1/access-decisions?key=${id}.1&from=${at}`,
        },
      });
      expect((await service.call('GET', `/api/v1/leaks/${leak.id}`)).body).toEqual(leak);
    });

    it('newest first, page by page', async () => {
      const first = await service.call('GET', '/api/v1/leaks?limit=2');
      const cursor = encodeURIComponent(first.body.next_cursor);
      const second = await service.call('GET', `/api/v1/leaks?limit=2&cursor=${cursor}`);
      const shown = [...first.body.items, ...second.body.items].map(({ id }) => id);
      expect(shown).toEqual((await leaks()).slice(0, 4).map(({ id }: { id: string }) => id));
    });

    it('by whoever reaches the key, and by nobody else', async () => {
      const { secret } = await make();
      await report(finding(secret));
      const [{ id }] = await leaks();
      const keyOf = async (member: UserId) => {
        const { token } = service.identity.openSession(member);
        return token;
      };
      const strangers = [
        await keyOf(service.identity.addMember('member')),
        await service.adminOf(
          service.identity.add('01900000-0000-7000-8000-0000000000e2', 's4e', '01900000-0000-7000-8000-0000000000f2'),
          '01900000-0000-7000-8000-0000000000f2',
        ),
      ];
      for (const key of strangers) {
        expect(await leaks(key)).toEqual([]);
        expect((await service.call('GET', `/api/v1/leaks/${id}`, { key })).status).toBe(404);
      }
      expect((await leaks(await keyOf(service.identity.addMember('auditor')))).length).toBeGreaterThan(0);
    });
  });

  it('can be had from the events again', async () => {
    expect(await rebuildProjection(service.dataSource, keyLeakProjection)).toMatchObject({ equal: true });
  });
});

it('no report is taken where nobody is believed, and the answer says why', async () => {
  const service = await issuanceService('s4e');
  const { status, text } = await service.call('POST', URL, { key: '', body: [] });
  await service.stop();
  expect(status).toBe(404);
  expect(text).toContain('LATCHKEY_LEAK_KEYS_URL');
});
