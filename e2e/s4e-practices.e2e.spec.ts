import { eventually } from '@latchkey/testing';
import { Client } from 'pg';
import { accessToken, credentialsOf, postForm, registerApplication } from './harness/applications';
import { call, callerOf, type Answer } from './harness/http';
import { signIn } from './harness/accounts';
import { runProgram } from './harness/program';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { bearer, Tester } from './harness/tester';

const START_MS = 180_000;
const DAY_MS = 86_400_000;
/** So soon is in the audit what has happened. */
const SECONDS = { timeoutMs: 30_000 };

interface CreatedKey {
  readonly id: string;
  readonly key: string;
}
interface List<Item> {
  readonly items: readonly Item[];
}

/** The documented login, with what a person would fill in. */
const login = (password: string) => `{
    "email": "${OWNER.email}",
    "password": "${password}",
    "captcha_response": "string",
    "bypass_captcha": false,
    "vendor": "googlev3"
  }`;

describe.each(WAYS_OF_RUNNING)('security as the document advises it, on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e' }));
  }, START_MS);
  afterAll(() => tester?.system.stop(), START_MS);

  async function newKey(...scopes: readonly string[]): Promise<CreatedKey> {
    const answer = await tester.asAdmin('POST', '/api/v1/api-keys', { name: 'a service', scopes });
    expect(answer.status).toBe(201);
    return answer.json<CreatedKey>();
  }
  const read = async <Item>(path: string): Promise<readonly Item[]> =>
    (await tester.asAdmin('GET', path)).json<List<Item>>().items;
  const signInWith = (password: string, headers: Record<string, string> = {}) =>
    call(tester.system.url, { method: 'POST', path: '/api/user/auth/login', body: login(password), headers });

  describe('X-Request-ID', () => {
    /** What the log has about the request. */
    const logged = (id: string, ...lines: readonly object[]) =>
      eventually(() => {
        const found = tester.system
          .log()
          .split('\n')
          .filter((line) => line.includes(`"request_id":"${id}"`))
          .map((line) => JSON.parse(line) as object);
        expect(found).toEqual(expect.arrayContaining(lines.map((line) => expect.objectContaining(line) as object)));
      });
    const echoed = ({ headers }: Answer) => headers['x-request-id'];

    it('S2-14 of a guarded call is in the log, with the reason of a denial that its caller is not told', async () => {
      const { id, key } = await newKey('read:assets');
      const passed = await tester.getAssets({ ...bearer(key), 'x-request-id': `passed-${way}` });
      expect([passed.status, echoed(passed)]).toEqual([200, `passed-${way}`]);
      await logged(`passed-${way}`, { path: '/api/assets', status: 200 });

      await tester.asAdmin('DELETE', `/api/v1/api-keys/${id}`);
      const denied = await tester.getAssets({ 'x-api-key': key, 'x-request-id': `denied-${way}` });
      expect([denied.status, echoed(denied)]).toEqual([401, `denied-${way}`]);
      expect(denied.text).not.toContain('revoked');
      await logged(`denied-${way}`, { reason: 'revoked' }, { path: '/api/assets', status: 401 });
    });

    it('S2-14 of a login is in the log, and in the audit with the session that it opened', async () => {
      const answer = await signInWith(OWNER.password, { 'x-request-id': `login-${way}` });
      expect([answer.status, echoed(answer)]).toEqual([200, `login-${way}`]);
      await logged(`login-${way}`, { path: '/api/user/auth/login', status: 200 });
      await eventually(async () => {
        const events = await read<{ type: string }>(`/api/v1/audit-events?request_id=login-${way}`);
        expect(events.map(({ type }) => type)).toContain('latchkey.session.opened.v1');
      }, SECONDS);
    });

    it('S2-14 of a command is in the log and in the event that it led to, whatever way it came', async () => {
      const body = { name: 'traced', scopes: ['read:assets'] };
      await tester.asAdmin('POST', '/api/keys', body, { 'x-request-id': `command-${way}` });
      await logged(`command-${way}`, { method: 'POST', path: '/api/keys', status: 201 });
      await eventually(async () => {
        const [event] = await read<{ type: string; request_id: string }>(
          `/api/v1/audit-events?request_id=command-${way}`,
        );
        expect(event).toMatchObject({ type: 'latchkey.key.created.v1', request_id: `command-${way}` });
      }, SECONDS);
    });

    it('S2-14 of a check that is denied is in the log of the node', async () => {
      for (const [place, url] of tester.system.enforcementUrls.entries()) {
        const headers = { 'x-api-key': 's4e_live_a1b2c3d4e5f6g7h8i9j0', 'x-request-id': `check-${place}-${way}` };
        const answer = await call(url, { path: '/v1/forward-auth', headers });
        expect([answer.status, echoed(answer)]).toEqual([401, `check-${place}-${way}`]);
        await logged(`check-${place}-${way}`, { path: '/v1/forward-auth', status: 401 });
      }
    });
  });

  describe('the audit log', () => {
    it('S2-15 shows a call without the scope, a call with a revoked key and a failed login, within seconds', async () => {
      const [narrow, gone] = [await newKey('read:scans'), await newKey('read:assets')];
      await tester.asAdmin('DELETE', `/api/v1/api-keys/${gone.id}`);
      expect((await tester.getAssets(bearer(narrow.key))).status).toBe(403);
      expect((await tester.getAssets({ 'x-api-key': gone.key })).status).toBe(401);
      expect((await signInWith('a wrong password')).status).toBe(401);

      const denied = (key: CreatedKey) => read(`/api/v1/access-decisions?outcome=denied&key=${key.id}`);
      const call = { method: 'GET', path: '/api/assets', ip: '127.0.0.1' };
      await eventually(async () => {
        expect(await denied(narrow)).toMatchObject([{ outcome: 'scope_missing', ...call }]);
        expect(await denied(gone)).toMatchObject([
          { outcome: 'revoked', ...call, credential: { kind: 'api_key', id: gone.id, secret_id: `${gone.id}.1` } },
        ]);
        const [failed] = await read('/api/v1/sign-ins?outcome=denied&limit=1');
        expect(failed).toMatchObject({ outcome: 'wrong_password', method: 'password', ip: '127.0.0.1' });
      }, SECONDS);
    });

    it('S2-15 is for those who may read it: with audit:read, and their own workspace’s alone', async () => {
      const [reader, other] = [await newKey('audit:read'), await newKey('read:assets')];
      for (const path of ['/api/v1/access-decisions', '/api/v1/sign-ins', '/api/v1/token-requests']) {
        expect((await callerOf(tester.system.url, reader.key)('GET', path)).status).toBe(200);
        expect((await callerOf(tester.system.url, other.key)('GET', path)).status).toBe(403);
        expect((await call(tester.system.url, { path })).status).toBe(401);
      }
    });
  });

  it('S2-16 S0-19 S1-20 a key with the narrowest scope is good for nothing else', async () => {
    const { key } = await newKey('read:assets');
    expect((await tester.getAssets(bearer(key))).status).toBe(200);
    expect((await tester.addAssets(key)).status).toBe(403);
    expect((await callerOf(tester.system.url, key)('GET', '/api/keys')).status).toBe(403);
  });

  it('S2-16 S0-19 S1-20 keys whose secret is older than 90 days are listed, until they are rotated', async () => {
    const { id } = await newKey('read:assets');
    const ninetyDaysAgo = new Date(Date.now() - 90 * DAY_MS).toISOString();
    const overdue = async () =>
      (await read<{ id: string }>(`/api/v1/api-keys?secret_before=${ninetyDaysAgo}`)).map((key) => key.id);
    expect(await overdue()).toEqual([]);
    await createdLongAgo(id);
    expect(await overdue()).toEqual([id]);
    const rotated = await tester.asAdmin('POST', `/api/v1/api-keys/${id}/rotate`, { grace_period_hours: 0 });
    expect(rotated.status).toBe(201);
    expect(await overdue()).toEqual([]);
  });

  it('S0-19 a key that nobody has used for 90 days is found by its last use, until somebody uses it', async () => {
    const { id, key } = await newKey('read:assets');
    const unused = async () =>
      (await read<{ id: string }>('/api/v1/api-keys?unused_for_days=90&limit=200')).map((each) => each.id);
    expect(await unused()).not.toContain(id);
    await createdLongAgo(id);
    expect(await unused()).toContain(id);
    expect((await tester.getAssets(bearer(key))).status).toBe(200);
    await eventually(async () => expect(await unused()).not.toContain(id), SECONDS);
  });

  it('S0-19 keys of environments have names of their own, end when they are meant to, and are revoked one by one', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const keyOf = async (name: string) => {
      const body = { name, scopes: ['read:assets'], expires_at: inAnHour };
      return (await tester.asAdmin('POST', '/api/v1/api-keys', body)).json<CreatedKey & { expires_at: string }>();
    };
    const [staging, production] = [await keyOf('Dashboard (staging)'), await keyOf('Dashboard (production)')];
    expect(Date.parse(production.expires_at)).toBe(Date.parse(inAnHour));
    await tester.asAdmin('DELETE', `/api/v1/api-keys/${staging.id}`);
    expect((await tester.getAssets(bearer(staging.key))).status).toBe(401);
    expect((await tester.getAssets(bearer(production.key))).status).toBe(200);
  });

  it('S1-01 S1-20 every call shows a key, a token of an application or a session, none of which is in any log', async () => {
    const { url, adminKey, assetsUrl } = tester.system;
    const { key } = await newKey('read:assets');
    const application = await registerApplication(url, adminKey, { scopes: ['assets:read'] });
    const token = await accessToken(url, application);
    const session = await signIn(tester.system, OWNER);
    for (const headers of [bearer(key), bearer(token), bearer(session), { cookie: `token=${session}` }])
      expect((await tester.getAssets(headers)).status).toBe(200);
    for (const headers of [{}, bearer(`${token}x`), bearer(`${session}x`), { cookie: `token=${key}` }])
      expect((await tester.getAssets(headers)).status).toBe(401);
    for (const { method, path } of [
      { method: 'GET', path: '/api/keys' },
      { method: 'POST', path: '/asset/handler/bulk-asset-add' },
      { method: 'GET', path: '/api/v1/me' },
    ])
      expect((await call(path.startsWith('/asset') ? assetsUrl : url, { method, path })).status).toBe(401);
    for (const credential of [key, token, session, application.clientSecret])
      expect(tester.system.log()).not.toContain(credential);
  });

  it('S1-20 an application that is automated has tokens that end by themselves within an hour', async () => {
    const { url, adminKey } = tester.system;
    const application = await registerApplication(url, adminKey, { scopes: ['assets:read'] });
    const fields = { grant_type: 'client_credentials', ...credentialsOf(application) };
    const granted = (await postForm(url, '/oauth/token', fields)).json<{
      expires_in: number;
      refresh_token?: string;
    }>();
    expect(granted.expires_in).toBeLessThanOrEqual(3_600);
    expect(granted.refresh_token).toBeUndefined();
  });

  it('S2-16 S0-19 a key that was embedded where it does not belong is taken from there by nobody, and known offline', async () => {
    const { key } = await newKey('read:assets');
    for (const name of ['token', 'api_key', 'key'])
      expect((await call(tester.system.assetsUrl, { path: `/api/assets?${name}=${key}` })).status).toBe(401);
    expect(tester.system.log()).not.toContain(key);
    const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    expect((await tester.getAssets(bearer(mistyped))).status).toBe(401);
  });

  it('S2-16 where the workspace asks it of everybody, no session is worth anything without a second factor', async () => {
    const require = (how: 'required' | 'optional') =>
      tester.asAdmin('PATCH', '/api/v1/workspaces/current', { second_factor: how });
    const token = await signIn(tester.system, OWNER);
    expect((await tester.getAssets(bearer(token))).status).toBe(200);
    expect((await require('required')).status).toBe(200);
    const refused = await tester.getAssets(bearer(token));
    expect([refused.status, refused.json()]).toMatchObject([403, { error: { code: 'mfa_required' } }]);
    expect((await callerOf(tester.system.url, token)('GET', '/api/v1/mfa')).status).toBe(200);
    await require('optional');
  });

  /** Moves the key and its only secret to where they would be after years. */
  async function createdLongAgo(id: string): Promise<void> {
    const client = new Client(tester.system.databaseUrl);
    await client.connect();
    try {
      await client.query(
        `UPDATE issuance.key_list SET created_at = '2020-01-01T00:00:00.000Z',
                secrets = jsonb_set(secrets, '{0,created_at}', '"2020-01-01T00:00:00.000Z"') WHERE key_id = $1`,
        [id],
      );
    } finally {
      await client.end();
    }
  }
});

it('S2-16 S0-19 S1-20 the service takes its own secrets from files, and names the variable of one that it cannot read', async () => {
  const { code, output } = await runProgram('apps/standalone/main.js', { LATCHKEY_PEPPER_FILE: '/no/such/file' });
  expect([code, output]).toEqual([1, expect.stringContaining('LATCHKEY_PEPPER_FILE')]);
});
