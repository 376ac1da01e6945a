import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually, startMailServer, type MailServer } from '@latchkey/testing';
import { GithubReports } from './harness/github-reports';
import { call, callerOf, type Answer } from './harness/http';
import { OWNER, startSystem, type System } from './harness/system';

const START_MS = 120_000;
const INVITED = 'grace@b.example';
const DAY_MS = 86_400_000;
/** In a second or two, so that a system which is slow today has it in the future too. */
const SOON_MS = 5_000;
const PATIENCE = { timeoutMs: 30_000 };

/** Invites somebody, and takes the invitation with what stands in their mail. */
async function joinBy(system: System, linkTo: (email: string) => Promise<string>): Promise<Answer> {
  const asAdmin = callerOf(system.url, system.adminKey);
  expect((await asAdmin('POST', '/api/v1/invitations', { email: INVITED, role: 'member' })).status).toBe(201);
  const token = new URL(await linkTo(INVITED)).hash.slice(1);
  const body = { token, password: 'a long sentence that is hers' };
  return call(system.url, { method: 'POST', path: '/api/v1/invitations/accept', body });
}

async function makeKey(system: System, body: object): Promise<{ id: string; key: string }> {
  const made = await callerOf(system.url, system.adminKey)('POST', '/api/v1/api-keys', {
    ...{ scopes: ['assets:read'], ...body },
  });
  expect(made.status).toBe(201);
  return made.json();
}

/** What each node says of the secret. */
const checked = (system: System, credential: string) =>
  Promise.all(
    system.enforcementUrls.map(async (url) => {
      const { allowed } = (await call(url, { method: 'POST', path: '/v1/check', body: { credential } })).json<{
        allowed: boolean;
      }>();
      return allowed;
    }),
  );

describe('mails of the one process that runs everything, without a mail server', () => {
  const github = new GithubReports();
  let system: System;
  let token: string;
  beforeAll(async () => {
    // No proxy in front, which the harness has elsewhere.
    const env = { TRUSTED_PROXIES: '', LATCHKEY_LEAK_KEYS_URL: await github.publishedKeys() };
    system = await startSystem('standalone', { profile: 's4e', env });
    token = (await readFile(path.join(system.dataDir, 'secrets/outbox-token'), 'utf8')).trim();
  }, START_MS);
  afterAll(async () => {
    await system?.stop();
    await github.close();
  }, START_MS);

  const outbox = (headers: Readonly<Record<string, string>> = {}) =>
    call(system.url, { path: `/outbox?token=${token}`, headers });

  it('are on a page, and their links work', async () => {
    const joined = await joinBy(system, (email) =>
      eventually(async () => {
        const { text } = await outbox();
        expect(text).toContain(`To ${email}`);
        return /href="([^"]*accept-invitation#[^"]*)"/.exec(text)?.[1] ?? '';
      }),
    );
    expect(joined.status).toBe(200);
    expect(joined.json()).toMatchObject({ user: { email: INVITED, role: 'member' } });
  });

  it('tell of a key that was found in public, in text and in HTML', async () => {
    const { key } = await makeKey(system, { name: 'Found <in> public' });
    expect((await github.report(system.url, key)).status).toBe(200);
    await eventually(async () => {
      const { text } = await outbox();
      expect(text).toContain('API key: Found &lt;in&gt; public');
      expect(text).toContain(
        '&lt;th scope=&quot;row&quot;&gt;API key&lt;/th&gt;&lt;td&gt;Found &amp;lt;in&amp;gt; public',
      );
      expect(text).not.toContain(key);
    }, PATIENCE);
  });

  it('are on a page that runs, loads and sends nothing, and that nobody keeps', async () => {
    const { headers, text } = await outbox();
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^;]*'; /);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(text).not.toMatch(/<script|<form|<img/);
  });

  it.each([
    ['came through a proxy', { 'x-forwarded-for': '192.0.2.1' }],
    ['came through a proxy that says so in the standard way', { forwarded: 'for=192.0.2.1' }],
    ['came through a proxy that names itself', { via: '1.1 front' }],
    ['came through a proxy that names its client', { 'x-real-ip': '127.0.0.1' }],
    ['was sent by a page elsewhere, under a name of its own', { host: 'evil.example' }],
  ])('are shown to nobody whose request %s', async (_what, headers) => {
    expect((await outbox(headers)).status).toBe(404);
  });

  it.each(['', '?token=', `?token=${'0'.repeat(64)}`, '?token[]=x'])(
    'are shown to nobody at an address that ends in %j, as other users of the machine know it',
    async (query) => expect((await call(system.url, { path: `/outbox${query}` })).status).toBe(404),
  );

  it('are not shown by the token twice over either', async () => {
    expect((await call(system.url, { path: `/outbox?token=${token}&token=${token}` })).status).toBe(404);
  });
});

it.each([{ TRUSTED_PROXIES: '127.0.0.1' }, { PUBLIC_URL: 'https://id.example.com', TRUSTED_PROXIES: '' }])(
  'mails of one process are on no page where others may reach it: %j',
  async (env) => {
    const system = await startSystem('standalone', { profile: 's4e', env });
    try {
      expect(system.routes.some(({ path: route }) => route.startsWith('/outbox'))).toBe(false);
    } finally {
      await system.stop();
    }
  },
  START_MS,
);

describe('mails of a cluster', () => {
  const github = new GithubReports();
  let server: MailServer;
  let system: System;
  beforeAll(async () => {
    server = await startMailServer();
    system = await startSystem('cluster', {
      profile: 's4e',
      env: {
        SMTP_URL: `smtp://127.0.0.1:${server.port}`,
        PUBLIC_URL: 'https://id.example.com',
        LATCHKEY_LEAK_KEYS_URL: await github.publishedKeys(),
      },
    });
  }, START_MS);
  afterAll(async () => {
    await system?.stop();
    await server?.stop();
    await github.close();
  }, START_MS);

  /** Of all mails to the owner, as they came but for the breaking of lines. */
  const toOwner = () =>
    server.received.filter(({ to }) => to.includes(OWNER.email)).map(({ raw }) => raw.replace(/=\r\n/g, ''));

  it('come over SMTP, and their links work', async () => {
    const joined = await joinBy(system, (email) =>
      eventually(() => {
        const mail = server.received.find(({ to }) => to.includes(email));
        const plain = mail?.raw.replace(/=\r\n/g, '').replace(/=3D/g, '=') ?? '';
        return (
          /https:\/\/id\.example\.com\/accept-invitation#[\w-]+/.exec(plain)?.[0] ??
          Promise.reject(new Error('no mail'))
        );
      }),
    );
    expect(joined.json()).toMatchObject({ user: { email: INVITED, role: 'member' } });
  });

  it('S3-16 come to the maker of a key 30, 14 and 7 days before it expires, once each', async () => {
    for (const days of [30, 14, 7]) {
      const expiresAt = new Date(Date.now() + days * DAY_MS + SOON_MS).toISOString();
      await makeKey(system, { name: `${days} days are left`, expires_at: expiresAt });
    }
    const mailsOf = (days: number) => toOwner().filter((mail) => mail.includes(`API key: ${days} days are left`));
    await eventually(() => expect([30, 14, 7].map((days) => mailsOf(days).length)).toEqual([1, 1, 1]), PATIENCE);
    for (const days of [30, 14, 7]) {
      expect(mailsOf(days)[0]).toContain(`expires within ${days} days`);
      expect(mailsOf(days)[0]).toMatch(/text\/plain[^]*text\/html/);
    }
  });

  it('tell of a key that was found in public, which is dead on every node when GitHub has its answer', async () => {
    const { id, key } = await makeKey(system, { name: 'Found in public' });
    expect(await checked(system, key)).toEqual([true, true]);
    const { status, json } = await github.report(system.url, key);
    expect(await checked(system, key)).toEqual([false, false]);
    expect([status, json<unknown>()]).toMatchObject([200, [{ label: 'true_positive' }]]);
    await eventually(() => {
      const told = toOwner().filter((mail) => mail.includes(`Secret: ${id}.1`));
      expect(told).toHaveLength(1);
      expect(told[0]).toContain('it was revoked');
      expect(told[0]).not.toContain(key);
    }, PATIENCE);

    const asAdmin = callerOf(system.url, system.adminKey);
    const [leak] = (await asAdmin('GET', '/api/v1/leaks')).json<{ items: { decisions: { all: string } }[] }>().items;
    await eventually(async () => {
      const { items } = (await asAdmin('GET', leak?.decisions.all ?? '')).json<{ items: { outcome: string }[] }>();
      expect(items.map(({ outcome }) => outcome).sort()).toEqual(['allowed', 'allowed', 'revoked', 'revoked']);
    }, PATIENCE);
  });

  it('are on no page', async () => {
    for (const path of ['/outbox', '/outbox/']) expect((await call(system.url, { path })).status).toBe(404);
  });
});
