import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { CheckResult } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { call, callerOf, type Answer } from './harness/http';
import { bearer, jan1st, Tester } from './harness/tester';
import { startSystem, WAYS_OF_RUNNING } from './harness/system';

/** S3-04, as printed. */
const SCOPES = [
  'alerts:read',
  'alerts:write',
  'assets:read',
  'assets:write',
  'connectors:read',
  'connectors:write',
  'rules:read',
  'rules:write',
  'compliance:read',
  'search:read',
  'users:read',
  'users:write',
];

/** The documented body; the document's date would not be in the future for ever. */
const CREATE = `{
  "name": "SOAR Integration Key",
  "scopes": ["alerts:read", "alerts:write", "assets:read", "search:read"],
  "expires_at": "${jan1st(1)}"
}`;
const ROTATE = '{"grace_period_hours": 48}';
const HOUR_MS = 3_600_000;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** After which an old secret that nobody uses ends. */
const SILENT_MS = 4_000;
const PATIENCE = { timeoutMs: 30_000, everyMs: 200 };

interface Key {
  readonly id: string;
  readonly key: string;
  readonly scopes: readonly string[];
  readonly expires_at: string | null;
  readonly status: string;
  readonly secrets: readonly {
    readonly id: string;
    readonly created_at: string;
    readonly grace_until: string | null;
  }[];
}

describe.each(WAYS_OF_RUNNING)('the Z Shield document on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(
      await startSystem(way, { profile: 'zshield', env: { LATCHKEY_FOREIGN_PREFIXES: 'acme_live_' } }),
    );
  }, 120_000);
  afterAll(() => tester?.system.stop(), 60_000);

  const create = async (body: string | object = CREATE) => {
    const answer = await tester.asAdmin('POST', '/api/v1/api-keys', body);
    expect(answer.status).toBe(201);
    return answer.json<Key>();
  };
  const rotate = async ({ id }: Key, body: string | object = ROTATE) => {
    const answer = await tester.asAdmin('POST', `/api/v1/api-keys/${id}/rotate`, body);
    expect(answer.status).toBe(201);
    return answer.json<Key>();
  };
  const graceEnds = ({ secrets }: Key) =>
    secrets.flatMap(({ grace_until }) => (grace_until === null ? [] : [Date.parse(grace_until)]));

  it('S3-01 an administrator creates, rotates and revokes a key that may do one thing and no other', async () => {
    const made = await create({ name: 'alerts', scopes: ['alerts:read'] });
    expect(await tester.checks(made.key, { scopes: ['alerts:read'] })).toEqual(tester.everywhere('200'));
    for (const scopes of [['alerts:write'], ['assets:read'], ['alerts:read', 'alerts:write']])
      expect(await tester.checks(made.key, { scopes })).toEqual(tester.everywhere('403 scope_missing'));
    const { key } = await rotate(made, { grace_period_hours: 0 });
    expect(await tester.checks(made.key)).toEqual(tester.everywhere('401 revoked'));
    expect(await tester.checks(key, { scopes: ['alerts:read'] })).toEqual(tester.everywhere('200'));
    expect(await tester.checks(key, { scopes: ['alerts:write'] })).toEqual(tester.everywhere('403 scope_missing'));
    expect((await tester.asAdmin('DELETE', `/api/v1/api-keys/${made.id}`)).status).toBe(204);
    expect(await tester.checks(key)).toEqual(tester.everywhere('401 revoked'));
  });

  it('S3-03 a secret is zpoa_live_ and mixed-case letters and digits, and is shown once', async () => {
    const { id, key } = await create();
    expect(key).toMatch(/^zpoa_live_[0-9A-Za-z]{43}$/);
    for (const path of [`/api/v1/api-keys/${id}`, '/api/v1/api-keys']) {
      const { status, text } = await tester.asAdmin('GET', path);
      expect(status).toBe(200);
      expect(text).not.toContain(key);
    }
  });

  it('S3-04 each of the 12 scopes can be granted, and no other', async () => {
    expect((await create({ name: 'all', scopes: SCOPES })).scopes).toEqual(SCOPES);
    const refused = await tester.asAdmin('POST', '/api/v1/api-keys', { name: 'x', scopes: ['compliance:write'] });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('compliance:write')]);
  });

  it('S3-05 a write scope allows to change its own resource, and nothing else', async () => {
    for (const granted of ['alerts:write', 'connectors:write', 'rules:write']) {
      const { key } = await create({ name: granted, scopes: [granted] });
      const allowed = [];
      for (const scope of SCOPES)
        if ((await tester.checks(key, { scopes: [scope] })).every((answer) => answer === '200')) allowed.push(scope);
      expect(allowed).toEqual([granted]);
    }
  });

  it('S3-06 the documented body makes a key that passes its first check', async () => {
    const key = await create();
    expect(await tester.checks(key.key, { scopes: ['alerts:read', 'search:read'] })).toEqual(tester.everywhere('200'));
    expect(key).toMatchObject({
      name: 'SOAR Integration Key',
      scopes: ['alerts:read', 'alerts:write', 'assets:read', 'search:read'],
      expires_at: jan1st(1),
      status: 'active',
    });
  });

  it('S3-10 rotation without a grace period gives the old secret 24 hours', async () => {
    const old = await create();
    const rotated = await rotate(old, {});
    expect(rotated.id).toBe(old.id);
    for (const { key } of [old, rotated]) expect(await tester.checks(key)).toEqual(tester.everywhere('200'));
    const [ends = 0] = graceEnds(rotated);
    expect(Math.abs(ends - Date.now() - 24 * HOUR_MS)).toBeLessThan(60_000);
  });

  it('S3-10 at the end of its grace period the old secret is refused, and the new one passes on', async () => {
    const old = await create();
    const graceMs = 5_000;
    const rotated = await rotate(old, { grace_period_hours: graceMs / HOUR_MS });
    expect(await tester.checks(old.key)).toEqual(tester.everywhere('200'));
    const [ends = 0] = graceEnds(rotated);
    await pause(ends - Date.now() + 1);
    expect(await tester.checks(old.key)).toEqual(tester.everywhere('401 revoked'));
    expect(await tester.checks(rotated.key)).toEqual(tester.everywhere('200'));
  });

  it('S3-10 a rotation without grace ends the old secret before it answers', async () => {
    for (let round = 0; round < 5; round += 1) {
      const old = await create();
      expect(await tester.checks(old.key)).toEqual(tester.everywhere('200'));
      const rotated = await rotate(old, { grace_period_hours: 0 });
      expect(await tester.checks(old.key)).toEqual(tester.everywhere('401 revoked'));
      expect(await tester.checks(rotated.key)).toEqual(tester.everywhere('200'));
    }
  });

  it('S3-11 the documented rotation: both secrets pass for 48 hours, and share one budget', async () => {
    const old = await create();
    const rotated = await rotate(old);
    expect(rotated.key).toMatch(/^zpoa_live_[0-9A-Za-z]{43}$/);
    expect(rotated.key).not.toBe(old.key);
    const [ends = 0] = graceEnds(rotated);
    expect(Math.abs(ends - Date.now() - 48 * HOUR_MS)).toBeLessThan(60_000);
    const remaining = [];
    for (const { key } of [old, rotated]) {
      const answer = await tester.checkAt(tester.system.enforcementUrls[0] ?? '', key);
      remaining.push(Number(answer.json<{ headers: Record<string, string> }>().headers['X-RateLimit-Remaining']));
    }
    expect(remaining).toEqual([59, 58]);
  });

  it('S3-13 S3-14 the documented revoke refuses both secrets of a rotated key with 401, at once and on every node', async () => {
    for (let round = 0; round < 5; round += 1) {
      const old = await create();
      const rotated = await rotate(old);
      const secrets = [old.key, rotated.key];
      for (const secret of secrets) expect(await tester.checks(secret)).toEqual(tester.everywhere('200'));
      const answer = await tester.asAdmin('DELETE', `/api/v1/api-keys/${old.id}`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      const checks = await Promise.all(secrets.map((secret) => tester.checks(secret)));
      expect(checks).toEqual(secrets.map(() => tester.everywhere('401 revoked')));
    }
  });

  it('S3-15 a key stops at the moment that was set when it was made', async () => {
    const lifeMs = 3_000;
    const { key } = await create({
      name: 'short',
      scopes: ['alerts:read'],
      expires_at: new Date(Date.now() + lifeMs).toISOString(),
    });
    expect(await tester.checks(key)).toEqual(tester.everywhere('200'));
    await pause(lifeMs);
    expect(await tester.checks(key)).toEqual(tester.everywhere('401 expired'));
  });

  it('S3-15 an expiry in the past is refused', async () => {
    const answer = await tester.asAdmin('POST', '/api/v1/api-keys', {
      name: 'x',
      scopes: ['alerts:read'],
      expires_at: '2020-01-15T00:00:00Z',
    });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('whoever shows an old secret is told so, and an administrator who does; it ends when nobody does any more', async () => {
    const old = await create({ name: 'CI', scopes: ['assets:read', 'apikeys:read'] });
    const rotated = await rotate(old, { grace_period_hours: 48, end_when_silent_hours: SILENT_MS / HOUR_MS });
    const [ends = 0] = graceEnds(rotated);
    const headers = { ...bearer(old.key), 'user-agent': 'ci/1.0' };
    for (const answer of [
      await tester.getAssets(headers),
      await call(tester.system.url, { path: '/api/v1/api-keys?limit=1', headers }),
      await call(tester.system.url, { path: '/api/v1/users', headers }),
    ]) {
      expect(answer.headers['deprecation']).toMatch(/^@\d{10}$/);
      expect(Date.parse(String(answer.headers['sunset']))).toBe(Math.floor(ends / 1_000) * 1_000);
    }
    expect((await tester.getAssets(bearer(rotated.key))).headers).not.toHaveProperty('sunset');

    const rotation = async () => (await tester.asAdmin('GET', `/api/v1/api-keys/${old.id}/rotation`)).json<object>();
    await eventually(
      async () =>
        expect(await rotation()).toMatchObject({
          ...{ rotating: true, old_secret_id: `${old.id}.1`, stalled: false },
          used_by: [{ ip: expect.stringMatching(/127\.0\.0\.1|::1/), user_agent: 'ci/1.0', count: 2 }],
        }),
      PATIENCE,
    );
    await eventually(async () => expect(await rotation()).toMatchObject({ rotating: false, used_by: [] }), PATIENCE);
    // Nobody was answered that it has ended, so nothing waited until all nodes knew.
    await eventually(
      async () => expect(await tester.checks(old.key)).toEqual(tester.everywhere('401 revoked')),
      PATIENCE,
    );
    expect(await tester.checks(rotated.key)).toEqual(tester.everywhere('200'));
  }, 60_000);

  it('S3-17 S3-18 the audit has all that becomes of a key, its expiration too, and the attempts with it, successful and failed', async () => {
    const expiresAt = new Date(Date.now() + 4_000).toISOString();
    const key = await create({ name: 'short', scopes: ['alerts:read', 'search:read'], expires_at: expiresAt });
    await rotate(key);
    expect(await tester.checks(key.key, { scopes: ['alerts:read'] })).toEqual(tester.everywhere('200'));
    expect(await tester.checks(key.key, { scopes: ['rules:read'] })).toEqual(tester.everywhere('403 scope_missing'));
    const revoked = await create();
    await tester.asAdmin('DELETE', `/api/v1/api-keys/${revoked.id}`);

    interface Recorded {
      readonly type: string;
      readonly data: object;
    }
    const audited = async ({ id }: Key) => {
      const list = await tester.asAdmin('GET', `/api/v1/audit-events?subject=${id}`);
      return list.json<{ items: Recorded[] }>().items.map(({ type, data }) => [type.split('.')[2], data]);
    };
    await eventually(async () => {
      expect(await audited(key)).toMatchObject([
        ['expired', { expired_at: expiresAt }],
        ['rotated', { old_secret_id: `${key.id}.1`, new_secret_id: `${key.id}.2`, grace_period_seconds: 48 * 3_600 }],
        ['created', { scopes: ['alerts:read', 'search:read'] }],
      ]);
      expect(await audited(revoked)).toMatchObject([
        ['revoked', {}],
        ['created', {}],
      ]);
    }, PATIENCE);
    const attempts = async (query: string) => {
      const answer = await tester.asAdmin('GET', `/api/v1/access-decisions?key=${key.id}.1${query}`);
      return answer.json<{ items: { outcome: string }[] }>().items.map(({ outcome }) => outcome);
    };
    expect((await attempts('')).sort()).toEqual(
      [...tester.everywhere('allowed'), ...tester.everywhere('scope_missing')].sort(),
    );
    expect(await attempts('&outcome=denied')).toEqual(tester.everywhere('scope_missing'));
  }, 60_000);

  it('S3-19 where the workspace asks it of all keys, none is made without an expiry, or with one that is too late', async () => {
    const ask = (policy: object) => tester.asAdmin('PATCH', '/api/v1/workspaces/current', { key_policy: policy });
    const make = (fields: object) =>
      tester.asAdmin('POST', '/api/v1/api-keys', { name: 'SOAR', scopes: ['alerts:read'], ...fields });
    const inDays = (days: number) => new Date(Date.now() + days * 24 * HOUR_MS).toISOString();
    expect((await ask({ expiry_required: true, max_lifetime_days: 90 })).json()).toMatchObject({
      key_policy: { expiry_required: true, max_lifetime_days: 90, leaked_keys: 'revoke' },
    });
    for (const [fields, code] of [
      [{}, 'key.expiry_required'],
      [{ expires_at: inDays(91) }, 'key.lifetime_too_long'],
    ] as const) {
      const refused = await make(fields);
      expect([refused.status, refused.json<object>()]).toMatchObject([400, { code, field: 'expires_at' }]);
    }
    expect((await make({ expires_at: inDays(89) })).status).toBe(201);
    await ask({ expiry_required: false, max_lifetime_days: null });
    expect((await make({})).status).toBe(201);
  });

  it('a key from elsewhere passes wherever our own do, but while it is suspended, until whoever holds it ends it', async () => {
    const secret = `acme_live_${randomUUID()}`;
    const imported = { name: 'Acme', scopes: ['assets:read'], prefix: 'acme_live_', sha256: sha256(secret) };
    expect(await tester.checks(secret)).toEqual(tester.everywhere('401 unknown'));
    const { items } = (await tester.asAdmin('POST', '/api/v1/api-keys/import', { keys: [imported] })).json<{
      items: readonly [Key];
    }>();
    const sample = async () => (await tester.getAssets(bearer(secret))).status;
    const change = (verb: string) => tester.asAdmin('POST', `/api/v1/api-keys/${items[0].id}/${verb}`);
    expect([await tester.checks(secret), await sample()]).toEqual([tester.everywhere('200'), 200]);
    expect((await change('suspend')).status).toBe(200);
    expect([await tester.checks(secret), await sample()]).toEqual([tester.everywhere('401 suspended'), 401]);
    expect((await change('resume')).status).toBe(200);
    expect([await tester.checks(secret), await sample()]).toEqual([tester.everywhere('200'), 200]);
    expect((await callerOf(tester.system.url, secret)('POST', '/api/v1/me/revoke')).status).toBe(204);
    expect([await tester.checks(secret), await sample()]).toEqual([tester.everywhere('401 revoked'), 401]);
    expect(tester.system.log()).not.toContain(secret);
  });

  describe('rate limits, on the sample API and on our own routes,', () => {
    const READER = { name: 'reader', scopes: ['assets:read', 'apikeys:read'] };
    const MINUTE_S = 60;
    const surfaces = () => [
      (credential: string) => tester.getAssets(bearer(credential)),
      (credential: string) => callerOf(tester.system.url, credential)('GET', '/api/v1/api-keys?limit=1'),
    ];
    const numbers = ({ headers }: Answer) =>
      ['limit', 'remaining', 'reset'].map((name) => Number(headers[`x-ratelimit-${name}`]));
    const retryAfter = ({ headers }: Answer) => {
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      return Number(headers['retry-after']);
    };
    const now = () => Date.now() / 1_000;
    /** Calls by turns on every surface till so many have been allowed. Where a second is full it waits as long as it is told to. */
    const allowed = async (credential: string, count: number) => {
      const answers: Answer[] = [];
      while (answers.length < count) {
        for (const surface of surfaces()) {
          const answer = await surface(credential);
          if (answer.status === 429) await pause(retryAfter(answer) * 1_000);
          else answers.push(answer);
        }
      }
      return answers;
    };

    it('S3-08 each answer says the limit of the plan, what remains, and when a full limit is free again', async () => {
      const { key } = await create(READER);
      for (const [turn, surface] of surfaces().entries()) {
        const before = now();
        const answer = await surface(key);
        const [limit, remaining, reset = 0] = numbers(answer);
        expect([answer.status, limit, remaining]).toEqual([200, 60, 59 - turn]);
        expect(reset).toBeGreaterThanOrEqual(Math.ceil(before + MINUTE_S));
        expect(reset).toBeLessThanOrEqual(Math.ceil(now() + MINUTE_S));
      }
      const missing = await callerOf(tester.system.url, key)('GET', '/api/v1/api-keys/key-00000000');
      expect([missing.status, ...numbers(missing).slice(0, 2)]).toEqual([404, 60, 57]);
      for (const [plan, printed] of [
        ['professional', 300],
        ['enterprise', 1_000],
      ] as const) {
        const { key: tier } = await create({ ...READER, plan });
        for (const [turn, surface] of surfaces().entries())
          expect(numbers(await surface(tier)).slice(0, 2)).toEqual([printed, printed - 1 - turn]);
      }
    });

    it.each([
      ['starter', { minute: 60, day: 10_000, second: 20 }],
      ['professional', { minute: 300, day: 100_000, second: 50 }],
      ['enterprise', { minute: 1_000, day: 1_000_000, second: 200 }],
    ])('S3-07 the plan %s has the printed limits, and a burst beyond its own is refused', async (plan, printed) => {
      const { key: credential } = await create({ ...READER, plan });
      // Both at once, so that no second can pass between them.
      const checks = [
        { credential, cost: printed.second },
        { credential, cost: 1 },
      ];
      const path = '/v1/check/batch';
      const [url = ''] = tester.system.enforcementUrls;
      const answer = await call(url, { method: 'POST', path, body: { checks } });
      const [whole, beyond] = answer.json<{ results: readonly CheckResult[] }>().results;
      const asMap = (limits: CheckResult['limits'] = [], field: 'limit' | 'remaining') =>
        Object.fromEntries(limits.map((limit) => [limit.name, limit[field]]));
      expect([whole?.status, asMap(whole?.limits, 'limit')]).toEqual([200, printed]);
      const { minute, day, second } = printed;
      expect(asMap(whole?.limits, 'remaining')).toEqual({ minute: minute - second, day: day - second, second: 0 });
      expect([beyond?.reason, asMap(beyond?.limits, 'limit')]).toEqual(['rate_limited', printed]);
    });

    it('S3-09 60 calls a minute pass, the next is a 429 that says when to come back, and rotating changes nothing', async () => {
      const key = await create(READER);
      const passed = await allowed(key.key, 60);
      expect(passed.map((answer) => [answer.status, numbers(answer)[1]])).toEqual(
        Array.from({ length: 60 }, (_, turn) => [200, 59 - turn]),
      );
      const lastReset = numbers(passed[59] as Answer)[2];
      const rotated = await rotate(key);
      for (const credential of [key.key, rotated.key]) {
        for (const surface of surfaces()) {
          const refused = await surface(credential);
          expect([refused.status, ...numbers(refused)]).toEqual([429, 60, 0, lastReset]);
          expect(now() + retryAfter(refused)).toBeLessThanOrEqual((lastReset ?? 0) + 1);
        }
      }
      expect(await tester.checks(rotated.key)).toEqual(tester.everywhere('429 rate_limited'));
    });

    it('S3-09 20 calls pass in a second; who waits as the refusal says passes, and what was refused is not counted', async () => {
      const { key } = await create(READER);
      const begin = performance.now();
      const answers = await Promise.all(Array.from({ length: 40 }, () => tester.getAssets(bearer(key))));
      const secondsBegun = Math.floor((performance.now() - begin) / 1_000) + 1;
      const passed = answers.filter(({ status }) => status === 200).length;
      const refused = answers.filter(({ status }) => status === 429);
      expect(passed).toBeGreaterThanOrEqual(20);
      expect(passed).toBeLessThanOrEqual(20 * secondsBegun);
      expect(passed + refused.length).toBe(40);
      await pause(Math.max(...refused.map(retryAfter)) * 1_000);
      const again = await tester.getAssets(bearer(key));
      expect([again.status, numbers(again)[1]]).toEqual([200, 60 - passed - 1]);
    });
  });
});
