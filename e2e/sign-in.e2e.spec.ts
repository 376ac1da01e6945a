import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { INSTALLATION } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { Client } from 'pg';
import { call, callerOf, type Answer } from './harness/http';
import { OWNER, startSystem, WAYS_OF_RUNNING } from './harness/system';
import { Tester } from './harness/tester';

/** The documented command; the documents show no address that could be used. */
const login = (password: string, email: string = OWNER.email) => `{
    "email": "${email}",
    "password": "${password}",
    "captcha_response": "string",
    "bypass_captcha": false,
    "vendor": "googlev3"
  }`;
const NEXT = 'seven quiet rivers bend';

interface Login {
  readonly status: string;
  readonly data: { readonly token: string; readonly user: object };
}

describe.each(WAYS_OF_RUNNING)('signing in on %s', (way) => {
  let tester: Tester;
  let vendor: Server;
  let isPerson = true;
  beforeAll(async () => {
    vendor = createServer((_request, response) =>
      response.end(JSON.stringify({ success: isPerson, score: 0.9, action: 'login' })),
    );
    await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
    const env = {
      CAPTCHA_VENDOR: 'googlev3',
      CAPTCHA_SECRET: 'the vendor knows us by this',
      CAPTCHA_VERIFY_URL: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/`,
      CAPTCHA_BYPASS_FROM: '198.51.100.0/24',
    };
    tester = new Tester(await startSystem(way, { profile: 's4e', env }));
  }, 180_000);
  beforeEach(() => {
    isPerson = true;
  });
  afterAll(async () => {
    await tester?.system.stop();
    vendor?.closeAllConnections();
    vendor?.close();
  }, 60_000);

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call(tester.system.url, { method: 'POST', path, body, headers });
  const signIn = (body: string, headers?: Record<string, string>) => post('/api/user/auth/login', body, headers);
  /** From an address of one's own, so that one test's failures are not another's. The edge would believe nobody, so it is passed by. */
  const signInFrom = (ip: string, body: string) => {
    const identity = [...tester.system.processes.values()].find(({ name }) => name.startsWith('identity'));
    const headers = { 'x-forwarded-for': ip };
    return call(identity?.url ?? tester.system.url, { method: 'POST', path: '/api/user/auth/login', body, headers });
  };
  const s4eError = (answer: Answer) => [answer.status, answer.json<{ status: string; error: { code: string } }>()];
  const tokenOf = (answer: Answer) => answer.json<Login>().data.token;

  it('S1-12 S1-13 S2-04 the documented login answers as documented, with the token in the body and in a cookie', async () => {
    const answer = await signIn(login(OWNER.password));
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        status: 'success',
        data: {
          token: expect.stringMatching(/^eyJhbGciOiJIUzI1NiIs/) as string,
          user: { id: expect.any(Number) as number, email: OWNER.email, role: 'owner' },
        },
      },
    ]);
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^token=eyJ[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=\d+$/);
    expect(cookie).toContain(`token=${tokenOf(answer)};`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await tester.checks(tokenOf(answer), { scopes: ['read:assets'] })).toEqual(tester.everywhere('200'));
  });

  it('answers the canonical route with a plain record', async () => {
    const answer = await post('/api/v1/sessions', {
      email: ` ${OWNER.email.toUpperCase()} `,
      password: OWNER.password,
    });
    expect([answer.status, answer.json()]).toEqual([
      201,
      {
        status: 'signed_in',
        token: expect.stringMatching(/^eyJ/) as string,
        session_id: expect.any(String) as string,
        workspace_id: expect.any(String) as string,
        expires_at: expect.stringMatching(/Z$/) as string,
        user: { id: expect.any(String) as string, email: OWNER.email, name: null, role: 'owner' },
      },
    ]);
    const refused = await post('/api/v1/sessions', { email: OWNER.email, password: 'wrong' });
    expect([refused.status, refused.headers['content-type']]).toEqual([401, 'application/problem+json; charset=utf-8']);
  });

  it('S2-12 S2-13 a wrong password and an unknown address get one answer, in the documented form', async () => {
    const unauthorized = {
      status: 'error',
      error: { code: 'unauthorized', message: 'Wrong e-mail address or password.' },
    };
    for (const body of [login('wrong'), login(OWNER.password, 'nobody@example.com')]) {
      expect(s4eError(await signInFrom('192.0.2.1', body))).toEqual([401, unauthorized]);
    }
  });

  it('S2-12 S2-13 too many attempts get 429 rate_limited, and are told when to come again', async () => {
    const body = login('wrong', 'often@example.com');
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await signInFrom('192.0.2.2', body)).status).toBe(401);
    }
    const answer = await signInFrom('192.0.2.2', body);
    expect(s4eError(answer)).toEqual([
      429,
      { status: 'error', error: { code: 'rate_limited', message: 'Too many attempts. Try again later.' } },
    ]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(800);
    expect((await signInFrom('192.0.2.3', body)).status).toBe(401);
  }, 120_000);

  it('asks for a captcha after three failures, and is content with one that the vendor knows', async () => {
    const body = login('wrong', 'robot@example.com');
    for (let attempt = 0; attempt < 3; attempt += 1) await signInFrom('192.0.2.4', body);
    isPerson = false;
    expect(s4eError(await signInFrom('192.0.2.4', body))).toEqual([
      403,
      {
        status: 'error',
        error: { vendor: 'googlev3', code: 'captcha_required', message: 'Solve the captcha and try again.' },
      },
    ]);
    isPerson = true;
    expect((await signInFrom('192.0.2.4', body)).status).toBe(401);
  });

  it('C11 believes bypass_captcha from a workload that the configuration names, and from nobody else', async () => {
    const body = login('wrong', 'workload@example.com').replace('"bypass_captcha": false', '"bypass_captcha": true');
    for (let attempt = 0; attempt < 3; attempt += 1) await signInFrom('192.0.2.5', body);
    isPerson = false;
    expect((await signInFrom('192.0.2.5', body)).status).toBe(403);
    expect((await signInFrom('198.51.100.5', body)).status).toBe(401);
  });

  it.each([
    ['email', { email: 'no address', password: 'x' }],
    ['email', { password: 'x' }],
    ['password', { email: OWNER.email }],
    ['password', { email: OWNER.email, password: 'x'.repeat(1_025) }],
    ['vendor', { email: OWNER.email, password: 'x', vendor: 'somebody' }],
    ['bypass_captcha', { email: OWNER.email, password: 'x', bypass_captcha: 'yes' }],
    ['remember', { email: OWNER.email, password: 'x', remember: true }],
  ])('names the field "%s" that is wrong, and no value', async (field, body) => {
    const answer = await signIn(JSON.stringify(body));
    expect([answer.status, answer.json()]).toMatchObject([
      400,
      { status: 'error', error: { code: 'invalid_request', field, message: expect.stringContaining(field) as string } },
    ]);
    expect(answer.text).not.toContain('somebody');
  });

  it('takes no login from a page of another site, and none that is no JSON', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      expect((await signIn(login(OWNER.password), headers)).status).toBe(403);
    }
    expect((await signIn(login(OWNER.password), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('mails a link to reset a password to whoever has an account, and says nothing of who has', async () => {
    const answers = await Promise.all(
      [OWNER.email, 'nobody@example.com'].map((email) => post('/api/v1/password/reset', { email })),
    );
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [202, ''],
      [202, ''],
    ]);
    const made = await post('/api/v1/password/reset/confirm', { token: 'made up', new_password: NEXT });
    expect([made.status, made.json()]).toMatchObject([400, { code: 'password.reset_ended', field: 'token' }]);
  });

  it('a changed password ends every session on every node, and answers a new one', async () => {
    const [mine, other] = [tokenOf(await signIn(login(OWNER.password))), tokenOf(await signIn(login(OWNER.password)))];
    const change = (token: string, current: string, next: string) =>
      callerOf(tester.system.url, token)('PUT', '/api/v1/password', { current_password: current, new_password: next });
    const wrong = await change(mine, 'wrong', NEXT);
    expect([wrong.status, wrong.json()]).toMatchObject([403, { code: 'password.wrong', field: 'current_password' }]);
    const weak = await change(mine, OWNER.password, 'password1234');
    expect([weak.status, weak.json()]).toMatchObject([400, { code: 'password.refused', field: 'new_password' }]);
    const answer = await change(mine, OWNER.password, NEXT);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, [expect.stringMatching(/^token=eyJ/)]]);
    for (const token of [mine, other]) expect(await tester.checks(token)).toEqual(tester.everywhere('401 revoked'));
    const { token } = answer.json<{ token: string }>();
    expect(await tester.checks(token)).toEqual(tester.everywhere('200'));
    expect((await signInFrom('192.0.2.9', login(OWNER.password))).status).toBe(401);
    expect((await change(tester.system.adminKey, NEXT, OWNER.password)).status).toBe(403);
    expect((await change(token, NEXT, OWNER.password)).status).toBe(200);
  });

  it('S2-15 S3-17 every attempt is in the audit, successful or not, with the workspace that it is about', async () => {
    const first = await recordedSignIns();
    await signInFrom('192.0.2.30', login('wrong', 'nobody@b.example'));
    // They are recorded in the order in which they came: with this one, all before it are there.
    const before = await eventually(async () => {
      const recorded = await recordedSignIns();
      expect(recorded.nobodys).toBeGreaterThan(first.nobodys);
      return recorded;
    });
    await signInFrom('192.0.2.30', login(OWNER.password));
    await signInFrom('192.0.2.30', login('wrong'));
    await signInFrom('192.0.2.30', login('wrong', 'nobody@b.example'));
    await eventually(async () => {
      const after = await recordedSignIns();
      // The account that there is not belongs to nobody.
      expect([after.ours - before.ours, after.nobodys - before.nobodys]).toEqual([2, 1]);
    });
  });

  /** How many the audit has. */
  async function recordedSignIns(): Promise<{ ours: number; nobodys: number }> {
    const client = new Client(tester.system.databaseUrl);
    await client.connect();
    try {
      const { rows } = await client.query<{ ours: number; nobodys: number }>(
        `SELECT coalesce(sum(p.decisions) FILTER (WHERE workspace_id <> $1), 0)::integer AS ours,
                coalesce(sum(p.decisions) FILTER (WHERE workspace_id = $1), 0)::integer AS nobodys
           FROM audit.decision_batches b JOIN audit.decision_parts p USING (source, position)
          WHERE b.type = 'latchkey.sign_ins.recorded.v1'`,
        [INSTALLATION],
      );
      return rows[0] ?? { ours: 0, nobodys: 0 };
    } finally {
      await client.end();
    }
  }
});
