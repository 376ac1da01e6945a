import type { CheckResult } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { decodeProtectedHeader } from 'jose';
import { accessToken, credentialsOf, postForm, registerApplication, type Application } from './harness/applications';
import { GrpcCaller } from './harness/grpc';
import { call, callerOf, type Answer } from './harness/http';
import { runProgram } from './harness/program';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { bearer, Tester } from './harness/tester';

const START_MS = 180_000;
const SLOW_MS = 60_000;
/** Processes that sign look after their keys every two seconds. */
const HEARD_MS = 15_000;
const HOUR_SECONDS = 3_600;
const APPLICATIONS = '/api/v1/oauth-applications';

/** The table of the document, in its spelling. */
const SCOPES = [
  'assets:read',
  'assets:write',
  'scans:read',
  'scans:write',
  'findings:read',
  'findings:write',
  'reports:read',
  'actions:execute',
  'webhooks:manage',
  'admin:full',
];

interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

interface Shown {
  readonly id: string;
  readonly client_id: string;
  readonly client_secret?: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly status: string;
  readonly token_lifetime_seconds: number;
}

interface Claims {
  readonly iat: number;
  readonly exp: number;
  readonly [claim: string]: unknown;
}

const partOf = (token: string, place: 0 | 1) =>
  JSON.parse(Buffer.from(token.split('.')[place] ?? '', 'base64url').toString()) as object;
const claimsOf = (token: string) => partOf(token, 1) as Claims;

describe.each(WAYS_OF_RUNNING)('OAuth applications and their tokens on %s', (way) => {
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem(way, { profile: 's4e' }));
  }, START_MS);
  afterAll(() => tester?.system.stop(), START_MS);

  const register = (scopes: readonly string[] = ['assets:read', 'scans:write'], fields: object = {}) =>
    registerApplication(tester.system.url, tester.system.adminKey, { scopes, plan: 'unlimited', ...fields });
  const tokenOf = (application: Application, scope?: string) => accessToken(tester.system.url, application, scope);
  const post = (path: string, fields: Readonly<Record<string, string>>) => postForm(tester.system.url, path, fields);
  const change = (method: string, { id }: Application, path = '', body?: object) =>
    tester.asAdmin(method, `${APPLICATIONS}/${id}${path}`, body);
  const everywhere = (answer: string) => tester.everywhere(answer);
  /** As the documented command sends it: `curl` joins what each `-d` gives with `&`, and encodes nothing. */
  const documented = (...data: readonly string[]): Promise<Answer> =>
    call(tester.system.url, {
      method: 'POST',
      path: '/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: data.join('&'),
    });
  const documentedFor = ({ clientId, clientSecret }: Application, ...more: readonly string[]) =>
    documented('grant_type=client_credentials', `client_id=${clientId}`, `client_secret=${clientSecret}`, ...more);

  it('S1-07 an application is registered, shows its secret once, and is listed, changed and deleted', async () => {
    const body = { name: 'SIEM connector', scopes: ['assets:read', 'scans:write'] };
    const registered = await tester.asAdmin('POST', APPLICATIONS, body);
    expect(registered.status).toBe(201);
    const { id, client_id: clientId, client_secret: clientSecret = '', ...shown } = registered.json<Shown>();
    expect([id, clientSecret]).toEqual([clientId, expect.stringMatching(/^s4e_client_[0-9a-z]+$/)]);
    expect(shown).toMatchObject({ ...body, status: 'active', token_lifetime_seconds: HOUR_SECONDS });

    const path = `${APPLICATIONS}/${id}`;
    const answers = [
      await tester.asAdmin('GET', `${APPLICATIONS}?limit=200`),
      await tester.asAdmin('PATCH', path, { name: 'SIEM connector (old)' }),
      await tester.asAdmin('GET', path),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(clientId)]);
      expect(answer.text).not.toContain(clientSecret);
    }
    expect(answers[2]?.json<Shown>().name).toBe('SIEM connector (old)');
    expect((await tester.asAdmin('DELETE', path)).status).toBe(204);
    expect((await tester.asAdmin('GET', path)).json<Shown>().status).toBe('deleted');
  });

  it('S1-08 S1-09 the documented request for a token gets the documented answer, with the scope as it was asked for', async () => {
    const application = await register(['assets:read', 'scans:write', 'findings:read']);
    const answer = await documentedFor(application, 'scope=assets:read scans:write');
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const { access_token: token, ...rest } = answer.json<TokenAnswer>();
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: HOUR_SECONDS, scope: 'assets:read scans:write' });
    // As the document shows it; behind that our header names the key too.
    expect(token.slice(0, 35)).toBe('eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6'.slice(0, 35));
    expect(partOf(token, 0)).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect(await tester.checks(token, { scopes: ['scans:write'] })).toEqual(everywhere('200'));
    expect(await tester.checks(token, { scopes: ['findings:read'] })).toEqual(everywhere('403 scope_missing'));
  });

  it('S1-08 a scope need not be named: then a token has all of its application, and never more', async () => {
    const application = await register();
    const { access_token: token, scope } = (await documentedFor(application)).json<TokenAnswer>();
    expect(scope.split(' ').sort()).toEqual(['assets:read', 'scans:write']);
    expect(await tester.checks(token, { scopes: ['assets:read', 'scans:write'] })).toEqual(everywhere('200'));
    const wider = await documentedFor(application, 'scope=assets:write');
    expect([wider.status, wider.json()]).toMatchObject([400, { error: 'invalid_scope' }]);
  });

  it('S1-10 a token is used as a key is: at the API, and wherever a check is asked for', async () => {
    const { url, enforcementGrpc } = tester.system;
    const application = await register(['assets:read']);
    const token = await tokenOf(application);
    expect((await tester.getAssets(bearer(token))).status).toBe(200);
    const refused = await tester.addAssets(token);
    expect([refused.status, refused.json()]).toMatchObject([403, { error: { code: 'forbidden' } }]);
    const forwarded = await call(url, { path: '/v1/forward-auth?scope=assets:read', credential: token });
    expect([forwarded.status, forwarded.headers['x-auth-principal-kind']]).toEqual([200, 'client']);
    for (const node of tester.system.enforcementUrls) {
      const { principal } = (await tester.checkAt(node, token)).json<CheckResult>();
      expect(principal).toMatchObject({ kind: 'client', id: application.clientId, scopes: ['read:assets'] });
    }
    for (const address of enforcementGrpc) {
      const client = new GrpcCaller(address);
      const { allowed, principal } = await client.check({ credential: token, scopes: ['assets:read'] });
      client.close();
      expect([allowed, principal?.id]).toEqual([true, application.clientId]);
    }
  });

  it('S1-10 a token reads what its scopes cover of the services themselves', async () => {
    const token = await tokenOf(await register(['apikeys:read']));
    const asClient = callerOf(tester.system.url, token);
    expect((await asClient('GET', '/api/v1/api-keys')).status).toBe(200);
    expect((await asClient('POST', '/api/v1/api-keys', { name: 'x', scopes: ['assets:read'] })).status).toBe(403);
    expect((await asClient('GET', APPLICATIONS)).status).toBe(403);
  });

  it('S1-11 a token lives an hour; there is no refresh token, and the next request gives another one', async () => {
    const application = await register();
    const [first, second] = [await documentedFor(application), await documentedFor(application)];
    expect(first.text).not.toContain('refresh_token');
    const tokens = [first, second].map((answer) => answer.json<TokenAnswer>().access_token);
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) {
      const { iat, exp } = claimsOf(token);
      expect(exp - iat).toBe(HOUR_SECONDS);
      expect(await tester.checks(token)).toEqual(everywhere('200'));
    }
  });

  it('S1-14 each of the ten documented scopes is shared by keys and tokens', async () => {
    for (const scope of SCOPES) {
      const application = await register([scope]);
      const token = (await documentedFor(application, `scope=${scope}`)).json<TokenAnswer>();
      const { key } = await tester.createS4eKey({ scopes: [scope], plan: 'unlimited' });
      expect([scope, token.scope]).toEqual([scope, scope]);
      for (const credential of [token.access_token, key]) {
        const answers = await Promise.all(SCOPES.map((each) => tester.checks(credential, { scopes: [each] })));
        const covered = SCOPES.filter((_, place) => answers[place]?.every((answer) => answer === '200'));
        expect([scope, covered]).toEqual([scope, scope === 'admin:full' ? SCOPES : [scope]]);
      }
    }
  });

  it('S1-15 what a documented scope includes, it includes in a token: actions and playbooks, webhooks, all of the workspace', async () => {
    const included = {
      'findings:write': ['write:findings'],
      'reports:read': ['reports:read'],
      'actions:execute': ['write:actions', 'write:playbooks'],
      'webhooks:manage': ['read:webhooks', 'write:webhooks'],
      'admin:full': [...SCOPES, 'write:playbooks', 'apikeys:write', 'oauth:write'],
    };
    for (const [scope, all] of Object.entries(included)) {
      const token = await tokenOf(await register([scope]), scope);
      for (const each of all) expect(await tester.checks(token, { scopes: [each] })).toEqual(everywhere('200'));
    }
    const asAdmin = callerOf(tester.system.url, await tokenOf(await register(['admin:full'])));
    expect((await asAdmin('GET', '/api/v1/users')).status).toBe(200);
  });

  it('S1-16 the lifetimes are the documented ones: a key has none, a token an hour, a session a day', async () => {
    expect((await tester.createS4eKey({ scopes: ['assets:read'] })).expires_at).toBeNull();
    expect((await documentedFor(await register())).json<TokenAnswer>().expires_in).toBe(HOUR_SECONDS);
    const { url } = tester.system;
    const signedIn = await call(url, { method: 'POST', path: '/api/v1/sessions', body: OWNER });
    const { token } = signedIn.json<{ token: string }>();
    const session = await call(url, { path: '/api/v1/sessions/current', credential: token });
    const { opened_at, idle_until } = session.json<{ opened_at: string; idle_until: string }>();
    expect((Date.parse(idle_until) - Date.parse(opened_at)) / 1_000).toBeCloseTo(24 * HOUR_SECONDS, -2);
  });

  it('an application has a lifetime of its own for its tokens', async () => {
    const application = await register(['assets:read'], { token_lifetime_seconds: 60 });
    const { expires_in: seconds, access_token: token } = (await documentedFor(application)).json<TokenAnswer>();
    const { iat, exp } = claimsOf(token);
    expect([seconds, exp - iat]).toEqual([60, 60]);
  });

  it('a wrong secret gets no token, and is not told from an unknown client', async () => {
    const { clientId, clientSecret } = await register();
    const other = await register();
    const wrong: readonly Application[] = [
      { id: '', clientId, clientSecret: other.clientSecret },
      { id: '', clientId: '01234567-89ab-7def-8123-456789abcdef', clientSecret },
    ];
    for (const application of wrong) {
      const answer = await documentedFor(application);
      expect([answer.status, answer.json<{ error: string }>().error]).toEqual([401, 'invalid_client']);
    }
  });

  describe('what has answered holds for the next call at every node', () => {
    type Ending = (application: Application, token: string) => Promise<Answer>;
    const revoke: Ending = (application, token) => post('/oauth/revoke', { ...credentialsOf(application), token });
    const endings: readonly (readonly [string, Ending, string])[] = [
      ['a revoke by its own client', revoke, '401 revoked'],
      ['a suspension of its application', (it) => change('POST', it, '/suspend'), '401 suspended'],
      ['the end of all tokens', (it) => change('POST', it, '/end-tokens'), '401 revoked'],
      [
        'a rotation without grace',
        (it) => change('POST', it, '/rotate-secret', { grace_period_hours: 0 }),
        '401 revoked',
      ],
      ['a removed scope', (it) => change('PATCH', it, '', { scopes: ['scans:write'] }), '403 scope_missing'],
      ['an address list', (it) => change('PATCH', it, '', { allowed_ips: ['203.0.113.0/24'] }), '403 ip_not_allowed'],
      ['a delete of its application', (it) => change('DELETE', it), '401 revoked'],
    ];
    const check = { scopes: ['assets:read'], ip: '198.51.100.7' };

    it.each(endings)('%s', async (_, end, expected) => {
      const application = await register();
      const token = await tokenOf(application);
      expect(await tester.checks(token, check)).toEqual(everywhere('200'));
      expect((await end(application, token)).status).toBeLessThan(300);
      expect(await tester.checks(token, check)).toEqual(everywhere(expected));
    });

    it.each(endings)('%s, while all of them are asked all the time', async (_, end, expected) => {
      const application = await register();
      const token = await tokenOf(application);
      let hasEnded = false;
      const accepted: string[] = [];
      const asking = [...tester.system.enforcementUrls, ...tester.system.enforcementUrls].map(async (node) => {
        for (let more = true; more;) {
          more = !hasEnded;
          const startedAfter = hasEnded;
          const { allowed } = (await tester.checkAt(node, token, check)).json<CheckResult>();
          if (startedAfter && allowed) accepted.push(node);
        }
      });
      await end(application, token);
      hasEnded = true;
      await Promise.all(asking);
      expect(accepted).toEqual([]);
      expect(await tester.checks(token, check)).toEqual(everywhere(expected));
    });

    it('revokes no other token of the application, nor one of another', async () => {
      const [application, stranger] = [await register(), await register()];
      const [gone, stays] = [await tokenOf(application), await tokenOf(application)];
      const foreign = await tokenOf(stranger);
      await revoke(application, gone);
      await revoke(application, foreign);
      expect(await tester.checks(gone)).toEqual(everywhere('401 revoked'));
      for (const token of [stays, foreign]) expect(await tester.checks(token)).toEqual(everywhere('200'));
    });

    it('a suspended application gets no token, and goes on with those it has when it is resumed', async () => {
      const application = await register();
      const token = await tokenOf(application);
      await change('POST', application, '/suspend');
      expect((await documentedFor(application)).status).toBe(401);
      expect((await change('POST', application, '/resume')).status).toBe(200);
      expect((await documentedFor(application)).status).toBe(200);
      expect(await tester.checks(token)).toEqual(everywhere('200'));
    });

    it('with a grace period both secrets get tokens, without one only the new', async () => {
      const application = await register();
      const rotate = async (hours: number) => {
        const answer = await change('POST', application, '/rotate-secret', { grace_period_hours: hours });
        return { ...application, clientSecret: answer.json<{ client_secret: string }>().client_secret };
      };
      const second = await rotate(1);
      for (const each of [application, second]) expect((await documentedFor(each)).status).toBe(200);
      const third = await rotate(0);
      for (const each of [application, second]) expect((await documentedFor(each)).status).toBe(401);
      expect((await documentedFor(third)).status).toBe(200);
    });
  });

  it('introspection tells what a check would say now, of tokens, keys and sessions alike', async () => {
    const application = await register(['assets:read', 'enforcement:check']);
    const introspect = async (token: string) =>
      (await post('/oauth/introspect', { ...credentialsOf(application), token })).json<Record<string, unknown>>();
    const token = await tokenOf(application, 'assets:read');
    const { key } = await tester.createS4eKey({ scopes: ['assets:read'], expires_at: '2100-01-01T00:00:00Z' });
    expect(await introspect(token)).toMatchObject({
      ...{ active: true, scope: 'assets:read', client_id: application.clientId, sub: application.clientId },
      exp: claimsOf(token).exp,
    });
    expect(await introspect(key)).toMatchObject({ active: true, exp: Date.UTC(2100, 0) / 1_000 });
    await change('POST', application, '/end-tokens');
    expect(await introspect(token)).toEqual({ active: false });
  });

  describe('keys that sign them, changed by an operator (npm run rotate-signing-key),', () => {
    let application: Application;
    beforeAll(async () => {
      application = await register(['assets:read']);
    });

    const rotate = (...args: string[]) => {
      const { databaseUrl, dataDir } = tester.system;
      return runProgram(
        'apps/rotate-signing-key/main.js',
        { DATABASE_URL: databaseUrl, LATCHKEY_DATA_DIR: dataDir },
        args,
      );
    };
    const token = () => accessToken(tester.system.url, application);
    const signedBy = (jws: string) => decodeProtectedHeader(jws).kid ?? '';
    const published = async () => {
      const answer = await call(tester.system.url, { path: '/.well-known/jwks.json' });
      return answer.json<{ keys: { kid: string }[] }>().keys.map(({ kid }) => kid);
    };

    it(
      'are not changed to one that hardly anybody can know',
      async () => {
        const { code, output } = await rotate();
        expect([code, output]).toEqual([1, expect.stringContaining('The next signing key is so new')]);
      },
      SLOW_MS,
    );

    it(
      'can be revoked: when it has answered, no node takes what the key has signed, and tokens go on',
      async () => {
        const before = await token();
        const kid = signedBy(before);
        expect(await tester.checks(before)).toEqual(tester.everywhere('200'));

        const { code, output } = await rotate('--revoke', kid);
        const { signs, revoked } = JSON.parse(output) as { signs: string; revoked: string };
        expect([code, revoked]).toEqual([0, kid]);
        expect(await tester.checks(before)).toEqual(tester.everywhere('401 revoked'));

        await eventually(async () => expect(signedBy(await token())).toBe(signs), { timeoutMs: HEARD_MS });
        expect(await tester.checks(await token())).toEqual(tester.everywhere('200'));
        await eventually(async () => expect(await published()).not.toContain(kid), { timeoutMs: HEARD_MS });
        expect(await published()).toContain(signs);
      },
      SLOW_MS,
    );

    it(
      'are not there for any name',
      async () => {
        expect(await rotate('--revoke', 'nobody')).toEqual({ code: 1, output: 'There is no such signing key.\n' });
      },
      SLOW_MS,
    );
  });
});
