import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually, startMailServer, type MailServer } from '@latchkey/testing';
import { call, callerOf, type Answer } from './harness/http';
import { startSystem, type System } from './harness/system';

const START_MS = 120_000;
const INVITED = 'grace@b.example';

/** Invites somebody, and takes the invitation with what stands in their mail. */
async function joinBy(system: System, linkTo: (email: string) => Promise<string>): Promise<Answer> {
  const asAdmin = callerOf(system.url, system.adminKey);
  expect((await asAdmin('POST', '/api/v1/invitations', { email: INVITED, role: 'member' })).status).toBe(201);
  const token = new URL(await linkTo(INVITED)).hash.slice(1);
  const body = { token, password: 'a long sentence that is hers' };
  return call(system.url, { method: 'POST', path: '/api/v1/invitations/accept', body });
}

describe('mails of the one process that runs everything, without a mail server', () => {
  let system: System;
  let token: string;
  beforeAll(async () => {
    // No proxy in front, which the harness has elsewhere.
    system = await startSystem('standalone', { profile: 's4e', env: { TRUSTED_PROXIES: '' } });
    token = (await readFile(path.join(system.dataDir, 'secrets/outbox-token'), 'utf8')).trim();
  }, START_MS);
  afterAll(() => system?.stop(), START_MS);

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
  let server: MailServer;
  let system: System;
  beforeAll(async () => {
    server = await startMailServer();
    system = await startSystem('cluster', {
      profile: 's4e',
      env: { SMTP_URL: `smtp://127.0.0.1:${server.port}`, PUBLIC_URL: 'https://id.example.com' },
    });
  }, START_MS);
  afterAll(async () => {
    await system?.stop();
    await server?.stop();
  }, START_MS);

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

  it('are on no page', async () => {
    for (const path of ['/outbox', '/outbox/']) expect((await call(system.url, { path })).status).toBe(404);
  });
});
